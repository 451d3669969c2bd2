// routes.ts: the routes of one server, as the app adds them and as the native router takes them.

import type { Duplex } from 'node:stream';

import type { NativeFileRoot, NativeHandlerRoute, NativeReply, NativeRoute } from './binding.js';
import { RouteError } from './errors.js';
import { checkContentLength, connectionWish, type FieldValueInput } from './field-validation.js';
import { loadNativeHandler, type NativeName } from './native-handlers.js';
import { readOptions } from './option-reader.js';
import { parseRouteOptions } from './options.js';
import { checkMethod, parsePattern, type RoutePattern } from './pattern.js';
import { checkedFields, fieldLines } from './response-fields.js';
import { CONTENT_TYPE_NONE, type HttpResponse } from './response.js';
import { checkBody } from './response-body.js';
import type { HttpRequest } from './request.js';
import { showValue } from './show-value.js';
import { parseStaticOptions } from './static-files.js';
import { checkStatus, mayHaveBody } from './status-codes.js';

/** Answers requests. May be async: a throw or rejection answers 500 (if nothing was sent) and is an `error` event. */
export type Handler = (request: HttpRequest, response: HttpResponse) => unknown;

/** The connection of an upgraded request, and where its client is. */
export interface UpgradeSocket extends Duplex {
  /** The client's IP address; undefined on a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** The client's port; undefined on a Unix socket. */
  readonly remotePort: number | undefined;
}

/**
 * Takes over the connection of a request that asks for another protocol. Every byte written to `socket` goes to the
 * client, beginning with the status line of the answer; what the client sends behind its request is read from it.
 * `head` is what of that has come already: always empty here, and there for code that expects node:http's `upgrade`.
 */
export type UpgradeHandler = (request: HttpRequest, socket: UpgradeSocket, head: Buffer) => unknown;

/** A canned answer, for `server.reply()`. */
export interface ReplyInit {
  /** @defaultValue 200 */
  status?: number | undefined;
  headers?: Readonly<Record<string, FieldValueInput>> | undefined;
  /** A string is sent as UTF-8. @defaultValue empty */
  body?: string | Uint8Array | undefined;
}

/** What a request is matched with in JavaScript: the native router has found it by its number. */
export type HandlerEntry = (
  | { readonly handler: Handler; readonly upgrade?: undefined }
  | { readonly handler?: undefined; readonly upgrade: UpgradeHandler }
) & {
  /** Undefined: the server's handler for what no route matches. */
  readonly pattern: RoutePattern | undefined;
  /** The route's own `bodyBytes`. */
  readonly bodyBytes?: number | undefined;
};

/** In the place of a method: all of them. No text, so that nobody can ask for it by mistake. */
export const ALL_METHODS = Symbol('all methods');

export class Routes {
  readonly handlers: HandlerEntry[] = [];
  readonly native: NativeRoute[] = [];
  readonly replies: NativeReply[] = [];
  readonly fileRoots: NativeFileRoot[] = [];
  readonly natives: NativeHandlerRoute[] = [];
  /** Where they are from, for messages. */
  readonly nativeNames: NativeName[] = [];
  readonly #known = new Set<string>();
  /** Prefixes of files without the slash behind them: given up for what the app has there, whichever comes first. */
  readonly #implied = new Map<string, NativeRoute>();

  /** `rest` is `[handler]` or `[options, handler]`. */
  addHandler(method: unknown, pattern: unknown, rest: readonly unknown[]): void {
    const handler = rest.at(-1);
    if (rest.filter((given) => typeof given === 'function').length > 1) throw manyHandlers();
    if (rest.length < 1 || rest.length > 2) throw noHandler(handler, '(request, response)');
    if (typeof handler !== 'function') throw noHandler(handler, '(request, response)');
    const options = parseRouteOptions(rest.length === 2 ? rest[0] : undefined);
    const parsed = parsePattern(pattern);
    this.#add(method, parsed, { kind: 'handler', id: this.handlers.length, ...options });
    this.handlers.push({ handler: handler as Handler, pattern: parsed, bodyBytes: options.bodyBytes });
  }

  addUpgrade(pattern: unknown, handler: unknown): void {
    if (typeof handler !== 'function') throw noHandler(handler, '(request, socket, head)');
    const parsed = parsePattern(pattern);
    this.#add(ALL_METHODS, parsed, { kind: 'upgrade', id: this.handlers.length });
    this.handlers.push({ upgrade: handler as UpgradeHandler, pattern: parsed });
  }

  addReply(method: unknown, path: unknown, init: ReplyInit = {}): void {
    const reply = nativeReply(init);
    this.#add(method, parsePattern(path), { kind: 'reply', id: this.replies.length });
    this.replies.push(reply);
  }

  addNative(method: unknown, pattern: unknown, options: unknown): void {
    const parsed = parsePattern(pattern);
    const { route, name } = loadNativeHandler(parsed, options);
    this.#add(method, parsed, { kind: 'native', id: this.natives.length });
    this.natives.push(route);
    this.nativeNames.push(name);
  }

  addFiles(prefix: unknown, directory: unknown, options: unknown): void {
    const below = parsePattern(typeof prefix === 'string' ? `${prefix.replace(/\/$/, '')}/*` : prefix);
    if (below.params.length > 0) {
      throw new RouteError(
        'ERR_MILLRACE_ROUTE_PATTERN',
        `static(): the prefix ${showValue(prefix)} has parameters; files are found by the path behind it`,
      );
    }
    const native = below.native.slice(0, -'/*'.length);
    const target = { kind: 'files', id: this.fileRoots.length } as const;
    const root = parseStaticOptions(native, directory, options);
    this.#add('GET', below, target);
    this.fileRoots.push(root);
    if (native === '' || this.#known.has(`GET ${native}`) || this.#known.has(`* ${native}`)) return;
    const implied = { method: 'GET', pattern: native, ...target };
    this.#implied.set(native, implied);
    this.native.push(implied);
  }

  /** Routes of an app, and its handlers unless other threads have them. There must be no handlers here. */
  adopt(routes: readonly NativeRoute[], handlers: readonly HandlerEntry[] = []): void {
    for (const route of routes) this.#register(route, route.pattern);
    this.handlers.push(...handlers);
  }

  /** Number of the handler for what no route matches. */
  addFallback(handler: Handler): number {
    return this.handlers.push({ handler, pattern: undefined }) - 1;
  }

  #add(method: unknown, pattern: RoutePattern, target: Omit<NativeRoute, 'method' | 'pattern'>): void {
    const checked = method === ALL_METHODS ? '*' : checkMethod(method);
    this.#register({ method: checked, pattern: pattern.native, ...target }, pattern.source);
  }

  #register(route: NativeRoute, source: string): void {
    // To the router, patterns that differ in their parameters' names only are one.
    const kind = route.kind === 'upgrade' ? 'upgrade' : route.method;
    const key = `${kind} ${route.pattern.replaceAll(/\/:[^/]+/g, '/:')}`;
    if (this.#known.has(key)) {
      throw new RouteError(
        'ERR_MILLRACE_ROUTE_DUPLICATE',
        `There is a route for ${kind === '*' ? 'all methods' : kind} on '${source}' already`,
      );
    }
    this.#known.add(key);
    if (kind === 'GET' || kind === '*') this.#giveUpImplied(route.pattern);
    this.native.push(route);
  }

  #giveUpImplied(pattern: string): void {
    const implied = this.#implied.get(pattern);
    if (implied === undefined) return;
    this.#implied.delete(pattern);
    this.native.splice(this.native.indexOf(implied), 1);
  }
}

function noHandler(given: unknown, signature: string): RouteError {
  return new RouteError(
    'ERR_MILLRACE_ROUTE_HANDLER',
    `The last argument of a route must be its handler, a function ${signature}, not ${showValue(given)}`,
  );
}

function manyHandlers(): RouteError {
  return new RouteError(
    'ERR_MILLRACE_ROUTE_HANDLER',
    'A route has one handler: what comes ahead of it, or behind it, is a function that calls it, such as with(handler)',
  );
}

const REPLY_NAMES = ['status', 'headers', 'body'];

function nativeReply(init: ReplyInit): NativeReply {
  const given = readOptions(
    { caller: 'reply()', group: '', names: REPLY_NAMES, allNames: REPLY_NAMES },
    init,
  );
  const { status = 200, headers = {}, body = '' } = Object.fromEntries(given) as ReplyInit;
  checkBody(body, 'reply');
  const code = checkStatus(status);
  const bytes = Buffer.from(mayHaveBody(code) ? body : ''); // a copy: the app may reuse its own
  const fields = checkedFields('reply()', 'headers', headers);
  const lengthField = fields.find(({ field }) => field.kind === 'content-length');
  if (lengthField !== undefined) checkContentLength(String(lengthField.value), bytes.length, status, false);
  return {
    status: code,
    contentType: CONTENT_TYPE_NONE,
    // The reactor writes the length itself.
    fields: fieldLines(fields.filter((entry) => entry !== lengthField)),
    body: bytes,
    ownDate: fields.some(({ field }) => field.kind === 'date'),
    close: fields.some(
      ({ field, value }) => field.kind === 'connection' && connectionWish(String(value)) === 'close',
    ),
  };
}
