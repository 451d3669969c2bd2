// uwebsockets-library.ts: what is used of uWebSockets.js.

import { requirePeer } from './package.js';

export interface Response {
  writeStatus(status: string): Response;
  writeHeader(name: string, value: string): Response;
  end(body: string | Buffer): Response;
  cork(run: () => void): Response;
  onAborted(aborted: () => void): Response;
  /** The memory of a piece is the library's again when `take` returns. */
  onData(take: (piece: ArrayBuffer, isLast: boolean) => void): Response;
}

/** Valid until the handler returns. */
export interface Request {
  getUrl(): string;
  getQuery(): string | undefined;
  getParameter(index: number): string;
  getHeader(name: string): string;
}

export type Handler = (res: Response, req: Request) => void;

export interface App {
  get(pattern: string, handler: Handler): App;
  post(pattern: string, handler: Handler): App;
  any(pattern: string, handler: Handler): App;
  listen(host: string, port: number, done: (socket: object | false) => void): App;
  close(): void;
}

interface Library {
  App(): App;
  us_socket_local_port(socket: object): number;
  us_listen_socket_close(socket: object): void;
}

/** @throws CannotRun where it is not installed. */
export function requireUWebSockets(): Library {
  return requirePeer('uWebSockets.js') as Library;
}
