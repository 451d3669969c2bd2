// index.ts: what the package exports.

// For its declarations: since TypeScript 6 nothing is there by itself.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />

export {
  AbortedError,
  BodyError,
  ERROR_CODES,
  FileError,
  InvalidHeaderError,
  ListenError,
  MillraceError,
  NativeError,
  OptionError,
  PlatformError,
  ResponseError,
  RouteError,
  StateError,
  ThreadError,
} from './errors.js';
export type { App, AppFunction } from './app.js';
export type { ErrorCode } from './errors.js';
export type { AccessLogFormat, AccessLogOptions } from './access-log-options.js';
export type { CompressionOptions } from './compression-options.js';
export type { DecompressionOptions } from './decompression-options.js';
export type { ErrorContext } from './handler-runner.js';
export type { FieldValueInput } from './field-validation.js';
export type { NativeOptions } from './native-handlers.js';
export type { CloseOptions, ListenOptions } from './listen-options.js';
export type {
  ConnectionPolicy,
  LimitOptions,
  RouteOptions,
  ServerOptions,
  TimeoutOptions,
} from './options.js';
export type { PathParams } from './pattern.js';
export type { PipeSource } from './piece-source.js';
export type { HeadersObject, HttpRequest } from './request.js';
export type { HttpResponse } from './response.js';
export type { Handler, ReplyInit, UpgradeHandler, UpgradeSocket } from './routes.js';
export { createServer } from './server.js';
export type { CloseResult, Server, ServerEvents } from './server.js';
export type { ServerAddress, TcpAddress, UnixAddress } from './server-address.js';
export type { RestartOptions, ThreadExit, ThreadStall } from './handler-threads.js';
export type { SendFileOptions } from './send-file.js';
export type { FileOptions, PrecompressedCoding, StaticOptions } from './static-files.js';
export type { ReactorStats, ServerStats, ThreadStats, WorkerStats } from './stats.js';
