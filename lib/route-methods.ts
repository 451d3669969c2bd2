// route-methods.ts: get, post and the other methods that add routes.

import { EventEmitter } from 'node:events';

import type { RouteOptions } from './options.js';
import { ALL_METHODS, type Handler } from './routes.js';

/** The methods that add routes, on top of an EventEmitter with the events `Events`. */
export abstract class RouteMethods<
  Events extends Record<keyof Events, unknown[]>,
> extends EventEmitter<Events> {
  /**
   * Answers GET requests for a pattern: `/a/b`, `/users/:id`, `/files/*` or `*`. HEAD runs it too, unless there is a
   * HEAD route; the body is then left out.
   * @throws {@link RouteError} for a malformed pattern, no handler, or a second route of the kind
   * @throws {@link StateError} `ERR_MILLRACE_ROUTES_FROZEN` after `listen()`
   */
  get(pattern: string, handler: Handler): this;
  get(pattern: string, options: RouteOptions, handler: Handler): this;
  get(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('GET', pattern, rest);
  }

  /** As {@link get}, for POST. */
  post(pattern: string, handler: Handler): this;
  post(pattern: string, options: RouteOptions, handler: Handler): this;
  post(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('POST', pattern, rest);
  }

  /** As {@link get}, for PUT. */
  put(pattern: string, handler: Handler): this;
  put(pattern: string, options: RouteOptions, handler: Handler): this;
  put(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('PUT', pattern, rest);
  }

  /** As {@link get}, for PATCH. */
  patch(pattern: string, handler: Handler): this;
  patch(pattern: string, options: RouteOptions, handler: Handler): this;
  patch(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('PATCH', pattern, rest);
  }

  /** As {@link get}, for DELETE. */
  delete(pattern: string, handler: Handler): this;
  delete(pattern: string, options: RouteOptions, handler: Handler): this;
  delete(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('DELETE', pattern, rest);
  }

  /** As {@link get}, for HEAD alone, in place of what the GET route would do. */
  head(pattern: string, handler: Handler): this;
  head(pattern: string, options: RouteOptions, handler: Handler): this;
  head(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('HEAD', pattern, rest);
  }

  /** As {@link get}, for OPTIONS, in place of the 204 with `Allow` that the server gives by itself. */
  options(pattern: string, handler: Handler): this;
  options(pattern: string, options: RouteOptions, handler: Handler): this;
  options(pattern: string, ...rest: unknown[]): this {
    return this.addRoute('OPTIONS', pattern, rest);
  }

  /** As {@link get}, for every method that has no route of its own on this pattern. */
  all(pattern: string, handler: Handler): this;
  all(pattern: string, options: RouteOptions, handler: Handler): this;
  all(pattern: string, ...rest: unknown[]): this {
    return this.addRoute(ALL_METHODS, pattern, rest);
  }

  /**
   * As {@link get}, for any method; methods are case-sensitive (RFC 9110 §9.1).
   * @throws {@link RouteError} also `ERR_MILLRACE_ROUTE_METHOD`
   */
  route(method: string, pattern: string, handler: Handler): this;
  route(method: string, pattern: string, options: RouteOptions, handler: Handler): this;
  route(method: string, pattern: string, ...rest: unknown[]): this {
    return this.addRoute(method, pattern, rest);
  }

  /** `rest` is `[handler]` or `[options, handler]`, unchecked like the others. */
  protected abstract addRoute(method: string | typeof ALL_METHODS, pattern: string, rest: unknown[]): this;
}
