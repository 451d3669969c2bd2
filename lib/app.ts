// app.ts: what the module of a server's handlers gets: the methods that add routes.

import { StateError } from './errors.js';
import { RouteMethods } from './route-methods.js';
import type { ALL_METHODS, Routes, UpgradeHandler } from './routes.js';
import type { ServerStats } from './stats.js';

/** Where an app runs. */
export interface AppHost {
  readonly thread: number;
  stats(): Promise<ServerStats>;
}

/** An App emits nothing: handlers' errors are events of the server. */
type NoEvents = Record<string, never>;

/**
 * What an `app` module's default export is called with, once in each handler thread: it adds the handlers of that thread.
 * Its routes must be the same in all of them.
 *
 * @example
 * ```ts
 * import type { App } from 'millrace';
 *
 * export default (app: App) => {
 *   app.get('/hello/:name', (req, res) => res.text(`hello ${req.params.name}`));
 * };
 * ```
 */
export class App extends RouteMethods<NoEvents> {
  /** Number of the handler thread, counted from 0; the thread that replaces it has the same. 0 where there are none. */
  readonly thread: number;
  readonly #routes: Routes;
  readonly #host: AppHost;
  #isComplete = false;

  /** @internal */
  constructor(routes: Routes, host: AppHost) {
    super();
    this.thread = host.thread;
    this.#routes = routes;
    this.#host = host;
  }

  /** What {@link Server.stats} returns: asked of the thread that has the server. */
  stats(): Promise<ServerStats> {
    return this.#host.stats();
  }

  /**
   * Takes over the connections of requests for a pattern that ask for another protocol: see {@link Server.upgrade}.
   * @throws {@link RouteError}, {@link StateError} as {@link get}
   */
  upgrade(pattern: string, handler: UpgradeHandler): this {
    this.#requireIncomplete();
    this.#routes.addUpgrade(pattern, handler);
    return this;
  }

  protected override addRoute(method: string | typeof ALL_METHODS, pattern: string, rest: unknown[]): this {
    this.#requireIncomplete();
    this.#routes.addHandler(method, pattern, rest);
    return this;
  }

  /** @internal No more routes can be added. */
  static complete(app: App): void {
    app.#isComplete = true;
  }

  #requireIncomplete(): void {
    if (!this.#isComplete) return;
    throw new StateError(
      'ERR_MILLRACE_ROUTES_FROZEN',
      "Routes have to be added before the app module's function returns, or before its promise is fulfilled",
    );
  }
}

/** The default export of an `app` module. */
export type AppFunction = (app: App) => unknown;
