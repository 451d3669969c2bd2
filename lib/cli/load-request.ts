// load-request.ts: the bytes of the request that `millrace load` sends.

import { readFileSync } from 'node:fs';

import { indexOfBadCharacter, isToken } from '../field-characters.js';
import { quoted, UsageError } from './command.js';
import type { ParsedFlags } from './flags.js';

export interface LoadRequest {
  readonly method: string;
  readonly bytes: Buffer;
}

/** Fields that say how long a request is, or how long its connection lasts: other flags do. */
const REFUSED: Readonly<Record<string, string>> = {
  'content-length': 'it is the length of --body or --body-file',
  'transfer-encoding': 'bodies are sent with Content-Length',
  connection: 'connections stay open, or with --no-keep-alive do not',
  upgrade: 'no other protocol than HTTP/1.1 is spoken',
};

/** Methods whose requests have a length also when they have no body (RFC 9110 §8.6). */
const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** @throws {@link UsageError} */
export function buildRequest(flags: ParsedFlags, url: URL): LoadRequest {
  const body = readBytes(flags, 'body');
  const method = readMethod(flags, body !== undefined);
  const fields = readFields(flags);
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`];
  if (!fields.some(({ name }) => name.toLowerCase() === 'host')) lines.push(`Host: ${url.host}`);
  for (const { name, value } of fields) lines.push(`${name}: ${value}`);
  if (body !== undefined || EXPECTS_BODY.has(method)) lines.push(`Content-Length: ${body?.length ?? 0}`);
  if (flags.on.has('no-keep-alive')) lines.push('Connection: close');
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return { method, bytes: body === undefined ? head : Buffer.concat([head, body]) };
}

/**
 * What --NAME says, or what is in the file of --NAME-file.
 * @throws {@link UsageError}
 */
export function readBytes(flags: ParsedFlags, name: 'body' | 'expect-body'): Buffer | undefined {
  const text = flags.values.get(name);
  const file = flags.values.get(`${name}-file`);
  if (text !== undefined && file !== undefined) {
    throw new UsageError(`--${name} and --${name}-file exclude each other`);
  }
  if (text !== undefined) return Buffer.from(text);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--${name}-file: ${quoted(file)} cannot be read: ${code ?? String(error)}`);
  }
}

function readMethod(flags: ParsedFlags, hasBody: boolean): string {
  const method = flags.values.get('method') ?? (hasBody ? 'POST' : 'GET');
  if (!isToken(method)) {
    throw new UsageError(`--method must be a method of HTTP such as GET, not ${quoted(method)}`);
  }
  if (method === 'CONNECT') {
    throw new UsageError('--method CONNECT asks for a tunnel, which no answer of HTTP ends');
  }
  return method;
}

interface Field {
  readonly name: string;
  readonly value: string;
}

function readFields(flags: ParsedFlags): Field[] {
  return (flags.lists.get('header') ?? []).map((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).trim();
    if (!isToken(name)) {
      throw new UsageError(`--header must be written 'Name: value', not ${quoted(line)}`);
    }
    if (indexOfBadCharacter(value) >= 0) {
      throw new UsageError(`--header ${quoted(name)} has a character that no field value can have`);
    }
    const refused = REFUSED[name.toLowerCase()];
    // What browsers say, and what happens anyway.
    const isUsual = /^connection: keep-alive$/i.test(`${name}: ${value}`) && !flags.on.has('no-keep-alive');
    if (refused !== undefined && !isUsual)
      throw new UsageError(`--header ${quoted(name)} cannot be given: ${refused}`);
    return { name, value };
  });
}
