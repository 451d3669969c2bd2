// errors.ts: every error that millrace throws, rejects with or emits, with its stable code.

import { getSystemErrorMap } from 'node:util';

/**
 * Every stable code, and in one sentence what it means.
 *
 * Match errors by `code`, never by message or `instanceof`: messages may be reworded in any release, and two copies of
 * the package in one process have different classes. docs/errors.md says for each code what to do about it.
 */
export const ERROR_CODES = {
  /** {@link OptionError}: there is no option of this name; `suggestion` holds the nearest one. */
  ERR_MILLRACE_OPTION_UNKNOWN: 'there is no option of this name',
  /** {@link OptionError}: the value is of the wrong type, for example the string `'10'` for a number. */
  ERR_MILLRACE_OPTION_TYPE: 'the value of an option has the wrong type',
  /** {@link OptionError}: the type is right, the value is outside the documented range or form. */
  ERR_MILLRACE_OPTION_RANGE: 'the value of an option is outside its range or form',
  /** {@link OptionError}: two options that exclude each other, such as `port` and `path`. */
  ERR_MILLRACE_OPTION_CONFLICT: 'two options exclude each other',
  /** {@link ListenError}: its `millraceCode`; its `code` is the system's, such as `EADDRINUSE`. */
  ERR_MILLRACE_LISTEN: 'the system refused to open the listening socket',
  /** {@link StateError}: `listen()` while the server is listening, or about to. */
  ERR_MILLRACE_ALREADY_LISTENING: 'listen() was called on a server that listens already',
  /** {@link StateError}: `listen()` after `close()`, or a `listen()` that `close()` overtook. */
  ERR_MILLRACE_SERVER_CLOSED: 'the server has been closed',
  /** {@link StateError}: a route or reply was added after `listen()`: the reactors have their table by then. */
  ERR_MILLRACE_ROUTES_FROZEN: 'a route was added after listen()',
  /** {@link StateError}: `restartThreads()` on a server that has no handler threads, or does not listen. */
  ERR_MILLRACE_NO_THREADS: 'the server has no handler threads that could be restarted',
  /** {@link StateError}: `end()`, or what calls it (`json`, `text`, …), `write()`, `pipe()`, `trailers()` behind the end. */
  ERR_MILLRACE_RESPONSE_ENDED: 'the response has been ended already',
  /** {@link StateError}: status or header fields changed after they were sent, or early hints behind them. */
  ERR_MILLRACE_HEADERS_SENT: 'the status and header fields have been sent already',
  /** {@link StateError}: a request's body read twice. */
  ERR_MILLRACE_BODY_USED: 'the request body has been read already',
  /** {@link InvalidHeaderError}: a field name that is not a token (RFC 9110 §5.6.2). */
  ERR_MILLRACE_HEADER_NAME: 'a header field name is not a token',
  /**
   * {@link InvalidHeaderError}: a field value with forbidden characters or of the wrong type (RFC 9110 §5.5), or fields
   * that take more than 64 KiB together.
   */
  ERR_MILLRACE_HEADER_VALUE: 'a header field value cannot be sent',
  /**
   * {@link InvalidHeaderError}: several values for a field that may occur only once (RFC 9110 §5.3), or one name in
   * two spellings in one object.
   */
  ERR_MILLRACE_HEADER_REPEATED: 'a header field that may occur only once was given several values',
  /** {@link InvalidHeaderError}: a field that would contradict how the server delimits the message (RFC 9112 §6). */
  ERR_MILLRACE_HEADER_FRAMING: 'a header field contradicts how the server delimits the message',
  /** {@link ResponseError}: a status code that no final answer can have. */
  ERR_MILLRACE_STATUS: 'a status code is not one of a final answer',
  /** {@link InvalidHeaderError}: a reason phrase with forbidden characters (RFC 9112 §4). */
  ERR_MILLRACE_REASON: 'a reason phrase cannot be sent',
  /** {@link ResponseError}: a body that is neither a string nor a Uint8Array, or a value that JSON cannot express. */
  ERR_MILLRACE_RESPONSE_BODY: 'a response body cannot be sent',
  /** {@link AbortedError}: the client has gone, or has been answered already, before the answer was complete. */
  ERR_MILLRACE_ABORTED: 'nobody waits for the answer any more',
  /** {@link BodyError}: the request body is not JSON; `status` is 400. */
  ERR_MILLRACE_BODY_JSON: 'the request body is not valid JSON',
  /** {@link BodyError}: a compressed request body that is no gzip, or ends too early; `status` is 400. */
  ERR_MILLRACE_BODY_GZIP: 'the request body is not what gzip makes',
  /**
   * {@link BodyError}: a compressed request body that becomes too large, or one that does not fit into a Buffer or a
   * string; `status` is 413.
   */
  ERR_MILLRACE_BODY_TOO_LARGE:
    'the request body is too large to be decompressed, or for a Buffer or a string',
  /** {@link BodyError}: a request body with another Content-Encoding than gzip; `status` is 415. */
  ERR_MILLRACE_BODY_CODING: 'the request body has a Content-Encoding that is not known',
  /** {@link FileError}: `sendFile()` of what is not there, or may not be seen; `status` is 404. */
  ERR_MILLRACE_FILE_MISSING: 'the file is not there',
  /** {@link FileError}: `sendFile()` while too many files are asked for, or no descriptor is left; `status` is 503. */
  ERR_MILLRACE_FILE_UNAVAILABLE: 'the file cannot be opened now',
  /** {@link FileError}: `sendFile()` of what the file system cannot read; `status` is 500. */
  ERR_MILLRACE_FILE_BROKEN: 'the file cannot be read',
  /** {@link RouteError}: a route pattern that cannot match anything, or is ambiguous. */
  ERR_MILLRACE_ROUTE_PATTERN: 'a route pattern is malformed',
  /** {@link RouteError}: a route method that is not a token (RFC 9110 §9.1). */
  ERR_MILLRACE_ROUTE_METHOD: 'a route method is not a token',
  /** {@link RouteError}: a route handler that is not a function. */
  ERR_MILLRACE_ROUTE_HANDLER: 'a route handler is not a function',
  /** {@link RouteError}: the same method and pattern for the second time. */
  ERR_MILLRACE_ROUTE_DUPLICATE: 'a route with this method and pattern exists already',
  /** {@link RouteError}: what `static()` should serve is no directory, or not there. */
  ERR_MILLRACE_STATIC_DIRECTORY: 'there is no directory where files are to be served from',
  /** {@link NativeError}: the library of `server.native()` cannot be loaded; the message has the reason of dlopen(3). */
  ERR_MILLRACE_NATIVE_LOAD: 'a library of native handlers cannot be loaded',
  /** {@link NativeError}: the library exports no handler of this name. */
  ERR_MILLRACE_NATIVE_SYMBOL: 'a library exports no handler of this name',
  /** {@link NativeError}: the library was compiled for another version of millrace.h. */
  ERR_MILLRACE_NATIVE_ABI: 'a library was compiled for another version of millrace.h',
  /** {@link NativeError}: the `init` of a native handler has failed; `listen()` rejects with it. */
  ERR_MILLRACE_NATIVE_INIT: 'a native handler could not be started',
  /** {@link NativeError}: a native handler has failed, and its request was answered 500: the `error` event. */
  ERR_MILLRACE_NATIVE_FAILED: 'a native handler has failed',
  /** {@link ThreadError}: a handler thread could not be started: its app threw, or the thread ended. */
  ERR_MILLRACE_THREAD_START: 'a handler thread could not be started',
  /** {@link ThreadError}: a handler thread's app has other routes than those of the threads before it. */
  ERR_MILLRACE_THREAD_ROUTES: 'the routes of a handler thread differ from those of the others',
  /** {@link PlatformError}: not Linux on x64 or arm64. */
  ERR_MILLRACE_PLATFORM: 'millrace does not run on this system',
  /** {@link PlatformError}: the native part is missing or does not load. */
  ERR_MILLRACE_ADDON: 'the native part of millrace could not be loaded',
} as const;

/** A stable, documented error code: see {@link ERROR_CODES} and docs/errors.md. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What the system calls an error: `EADDRINUSE`, `EACCES`, `ENOTFOUND`, … Open-ended, so any string. */
export type SystemErrorCode = string & Record<never, never>;

/** What all errors of millrace have in common. */
export class MillraceError extends Error {
  /** An {@link ErrorCode}; of a {@link ListenError}, and of no other, the system's name for the error. */
  readonly code: ErrorCode | SystemErrorCode;

  constructor(code: ErrorCode | SystemErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The codes of an {@link OptionError}. */
export type OptionErrorCode =
  | 'ERR_MILLRACE_OPTION_UNKNOWN'
  | 'ERR_MILLRACE_OPTION_TYPE'
  | 'ERR_MILLRACE_OPTION_RANGE'
  | 'ERR_MILLRACE_OPTION_CONFLICT';

/** What an {@link OptionError} knows besides its message. */
export interface OptionErrorDetails extends ErrorOptions {
  /** Full name, such as `limits.bodyBytes`. */
  readonly option: string;
  readonly value: unknown;
  readonly suggestion?: string | undefined;
}

/**
 * An option that is unknown, of the wrong type, out of range or in conflict with another.
 *
 * The message names the option, the value (shortened) and, for an unknown one, the nearest right name.
 */
export class OptionError extends MillraceError {
  declare readonly code: OptionErrorCode;
  /** Full name of the option as it was given, such as `limits.bodyBytes`. */
  readonly option: string;
  /** The value as it was given. Not enumerable, so that logging the error does not print all of it. */
  declare readonly value: unknown;
  /** The nearest option that exists, as a full name; only of `ERR_MILLRACE_OPTION_UNKNOWN`. */
  readonly suggestion: string | undefined;

  constructor(code: OptionErrorCode, message: string, details: OptionErrorDetails) {
    super(code, message, 'cause' in details ? { cause: details.cause } : undefined);
    this.option = details.option;
    this.suggestion = details.suggestion;
    Object.defineProperty(this, 'value', { value: details.value, configurable: true });
  }
}

/** The call that failed, as the native part or `node:dns` report it. */
export interface SystemFailure extends ErrorOptions {
  /** Name of the system call: `bind`, `listen`, `socket`, `getaddrinfo`, … */
  readonly syscall: string;
  /** The system's number for the error, either sign. */
  readonly errno: number;
  /** The name of the error, where it is not the one that belongs to the number: `node:dns` says ENOTFOUND. */
  readonly code?: string | undefined;
  /** IP address, host name or path of the Unix socket. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * `listen()` failed: port taken, path not writable, address not of this machine, host name unknown, …
 *
 * This is the one error whose `code` is not an `ERR_MILLRACE_…` code: it is the system's name for the error, and
 * `errno`, `syscall`, `address` and `port` are as on the errors of `node:net`. The reason: `code === 'EADDRINUSE'` is
 * what programs, test runners and port finders test for today, and what tells a user what to do; one code
 * for all of it would send everybody to parse a second property. Those who want to know where an error comes
 * from find the stable code in `millraceCode`.
 *
 * @example
 * ```ts
 * await server.listen({ port: 8080 }).catch((error) => {
 *   if (error.code !== 'EADDRINUSE') throw error;
 *   return server.listen({ port: 0 });
 * });
 * ```
 */
export class ListenError extends MillraceError {
  /** The system's name for the error, such as `EADDRINUSE`. */
  declare readonly code: SystemErrorCode;
  /** The stable code of all listen errors. */
  readonly millraceCode = 'ERR_MILLRACE_LISTEN' satisfies ErrorCode;
  /** The system's number for the error, negative as everywhere in Node.js. */
  readonly errno: number;
  /** The system call that failed, such as `bind`. */
  readonly syscall: string;
  /** IP address, host name or path; undefined for an inherited descriptor. */
  readonly address: string | undefined;
  /** TCP port; undefined for a Unix socket. */
  readonly port: number | undefined;

  constructor(failure: SystemFailure) {
    const errno = -Math.abs(failure.errno);
    const [name, meaning] = getSystemErrorMap().get(errno) ?? [`E${String(-errno)}`, 'unknown system error'];
    const code = failure.code ?? name;
    const { syscall, address, port } = failure;
    const place = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${String(port)}`}`;
    // The wording of node:net, which log filters and people know by heart.
    super(
      code,
      `${syscall} ${code}: ${meaning}${place}`,
      'cause' in failure ? { cause: failure.cause } : undefined,
    );
    this.errno = errno;
    this.syscall = syscall;
    this.address = address;
    this.port = port;
  }
}

/** The codes of a {@link StateError}. */
export type StateErrorCode =
  | 'ERR_MILLRACE_ALREADY_LISTENING'
  | 'ERR_MILLRACE_SERVER_CLOSED'
  | 'ERR_MILLRACE_ROUTES_FROZEN'
  | 'ERR_MILLRACE_NO_THREADS'
  | 'ERR_MILLRACE_RESPONSE_ENDED'
  | 'ERR_MILLRACE_HEADERS_SENT'
  | 'ERR_MILLRACE_BODY_USED';

/** A call at the wrong time: a second `listen()`, a second `end()`, a field after the head was sent. */
export class StateError extends MillraceError {
  declare readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string = ERROR_CODES[code]) {
    super(code, message);
  }
}

/** The codes of a {@link InvalidHeaderError}. */
export type HeaderErrorCode =
  | 'ERR_MILLRACE_HEADER_NAME'
  | 'ERR_MILLRACE_HEADER_VALUE'
  | 'ERR_MILLRACE_HEADER_REPEATED'
  | 'ERR_MILLRACE_HEADER_FRAMING'
  | 'ERR_MILLRACE_REASON';

/** The codes of a {@link ResponseError}; those of header fields belong to its subclass {@link InvalidHeaderError}. */
export type ResponseErrorCode = HeaderErrorCode | 'ERR_MILLRACE_STATUS' | 'ERR_MILLRACE_RESPONSE_BODY';

/** Something a handler gave that must not reach the wire. Nothing of it has been sent. */
export class ResponseError extends MillraceError {
  declare readonly code: ResponseErrorCode;

  constructor(code: ResponseErrorCode, message: string = ERROR_CODES[code], options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A response header field, or a reason phrase, that must not reach the wire. */
export class InvalidHeaderError extends ResponseError {
  declare readonly code: HeaderErrorCode;
  /** The field's name as it was given, shortened and with control characters escaped; `reason` for a reason phrase. */
  readonly field: string;

  constructor(code: HeaderErrorCode, field: string, message: string) {
    super(code, message);
    this.field = field;
  }
}

/** The codes of a {@link BodyError}. */
export type BodyErrorCode =
  | 'ERR_MILLRACE_BODY_JSON'
  | 'ERR_MILLRACE_BODY_GZIP'
  | 'ERR_MILLRACE_BODY_TOO_LARGE'
  | 'ERR_MILLRACE_BODY_CODING';

const BODY_STATUS = {
  ERR_MILLRACE_BODY_JSON: [400, 'Bad Request'],
  ERR_MILLRACE_BODY_GZIP: [400, 'Bad Request'],
  ERR_MILLRACE_BODY_TOO_LARGE: [413, 'Content Too Large'],
  ERR_MILLRACE_BODY_CODING: [415, 'Unsupported Media Type'],
} as const satisfies Record<BodyErrorCode, readonly [number, string]>;

/** The request body is not what the handler asked for: the client's mistake, hence a `status`. */
export class BodyError extends MillraceError {
  declare readonly code: BodyErrorCode;
  /** The status that tells the client: 400, 413 or 415. */
  readonly status: number;

  /** `options.code` is `ERR_MILLRACE_BODY_JSON` where it is not given. */
  constructor(message: string, options: ErrorOptions & { readonly code?: BodyErrorCode } = {}) {
    const { code = 'ERR_MILLRACE_BODY_JSON', ...others } = options;
    super(code, message, others);
    this.status = BODY_STATUS[code][0];
  }

  /** @internal The answer's body where the handler lets the error pass. */
  get phrase(): string {
    return BODY_STATUS[this.code][1];
  }
}

/** @internal A body within the limits that is more than JavaScript can hold in one piece. */
export function bodyTooLarge(what: string, cause: unknown): BodyError {
  return new BodyError(`The request body is more than ${what} can hold: read it in pieces`, {
    code: 'ERR_MILLRACE_BODY_TOO_LARGE',
    cause,
  });
}

/** The codes of a {@link FileError}. */
export type FileErrorCode =
  'ERR_MILLRACE_FILE_MISSING' | 'ERR_MILLRACE_FILE_UNAVAILABLE' | 'ERR_MILLRACE_FILE_BROKEN';

const FILE_STATUS = {
  ERR_MILLRACE_FILE_MISSING: [404, 'Not Found'],
  ERR_MILLRACE_FILE_UNAVAILABLE: [503, 'Service Unavailable'],
  ERR_MILLRACE_FILE_BROKEN: [500, 'Internal Server Error'],
} as const satisfies Record<FileErrorCode, readonly [number, string]>;

/** A file that cannot be sent. The handler may still answer; where it lets the error pass, `status` is answered. */
export class FileError extends MillraceError {
  declare readonly code: FileErrorCode;
  /** The status that tells the client: 404, 503 or 500. */
  readonly status: number;
  /** As it was given to `sendFile()`. */
  readonly path: string;

  constructor(code: FileErrorCode, path: string) {
    super(code, `sendFile(): ${ERROR_CODES[code]}: ${path}`);
    this.status = FILE_STATUS[code][0];
    this.path = path;
  }

  /** @internal What the client is told. */
  get phrase(): string {
    return FILE_STATUS[this.code][1];
  }

  /** @internal And when it may ask again, where that helps (RFC 9110 §10.2.3). */
  get fields(): Readonly<Record<string, string>> {
    return this.code === 'ERR_MILLRACE_FILE_UNAVAILABLE' ? { 'Retry-After': '1' } : {};
  }
}

/**
 * Nobody waits for the answer any more: its client has gone, or the server has answered in the handler's place
 * (`timeouts.handlerMs`). A handler that lets it pass is not reported: nothing went wrong that it could mend.
 */
export class AbortedError extends MillraceError {
  declare readonly code: 'ERR_MILLRACE_ABORTED';

  constructor() {
    super(
      'ERR_MILLRACE_ABORTED',
      'The client has gone, or has been answered already: nobody waits for this answer',
    );
  }
}

/** The codes of a {@link RouteError}. */
export type RouteErrorCode =
  | 'ERR_MILLRACE_ROUTE_PATTERN'
  | 'ERR_MILLRACE_ROUTE_METHOD'
  | 'ERR_MILLRACE_ROUTE_HANDLER'
  | 'ERR_MILLRACE_ROUTE_DUPLICATE'
  | 'ERR_MILLRACE_STATIC_DIRECTORY';

/** A route that cannot be added: malformed pattern or method, no handler, or there is one like it. */
export class RouteError extends MillraceError {
  declare readonly code: RouteErrorCode;

  constructor(code: RouteErrorCode, message: string = ERROR_CODES[code]) {
    super(code, message);
  }
}

/** The codes of a {@link NativeError}. */
export type NativeErrorCode =
  | 'ERR_MILLRACE_NATIVE_LOAD'
  | 'ERR_MILLRACE_NATIVE_SYMBOL'
  | 'ERR_MILLRACE_NATIVE_ABI'
  | 'ERR_MILLRACE_NATIVE_INIT'
  | 'ERR_MILLRACE_NATIVE_FAILED';

/** A native handler that cannot be loaded or started, or what one has failed with. */
export class NativeError extends MillraceError {
  declare readonly code: NativeErrorCode;
  /** Path of the library; undefined where several failures are summed up. */
  readonly library: string | undefined;
  /** Name of the handler in it. */
  readonly symbol: string | undefined;

  constructor(
    code: NativeErrorCode,
    message: string = ERROR_CODES[code],
    from: { readonly library?: string; readonly symbol?: string } = {},
  ) {
    super(code, message);
    this.library = from.library;
    this.symbol = from.symbol;
  }
}

/** The codes of a {@link ThreadError}. */
export type ThreadErrorCode = 'ERR_MILLRACE_THREAD_START' | 'ERR_MILLRACE_THREAD_ROUTES';

/** A handler thread that cannot take part. Where an error of the app's is the reason, it is the `cause`. */
export class ThreadError extends MillraceError {
  declare readonly code: ThreadErrorCode;

  constructor(code: ThreadErrorCode, message: string = ERROR_CODES[code], options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The codes of a {@link PlatformError}. */
export type PlatformErrorCode = 'ERR_MILLRACE_PLATFORM' | 'ERR_MILLRACE_ADDON';

/** millrace cannot run here: another system than Linux, or the native part is not built. */
export class PlatformError extends MillraceError {
  declare readonly code: PlatformErrorCode;

  constructor(code: PlatformErrorCode, message: string = ERROR_CODES[code], options?: ErrorOptions) {
    super(code, message, options);
  }

  /** The error for a system that millrace is not made for. */
  static unsupported(platform: string = process.platform, arch: string = process.arch): PlatformError {
    return new PlatformError(
      'ERR_MILLRACE_PLATFORM',
      `millrace runs on Linux on x64 and arm64 only; this is ${platform} on ${arch}.`,
    );
  }

  /** The error for a native part that is not there or does not load; `cause` says which. */
  static addonMissing(cause: unknown): PlatformError {
    const code = (cause as { code?: unknown } | undefined)?.code;
    if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED') {
      return new PlatformError(
        'ERR_MILLRACE_ADDON',
        'Node.js was started so that it may not load the native part of millrace: leave out --no-addons; ' +
          "with the permission model, add --allow-addons and --allow-fs-read for the package's directory " +
          '(and --allow-worker for handler threads).',
        { cause },
      );
    }
    return new PlatformError(
      'ERR_MILLRACE_ADDON',
      'The native part of millrace could not be loaded: build it with "npm rebuild millrace", ' +
        'which needs python3, make and a C++20 compiler (g++ 11 or later).',
      { cause },
    );
  }
}
