// load-app.ts: runs the module that has a server's handlers, in whichever thread they are to run.

import { App, type AppFunction, type AppHost } from './app.js';
import { RouteError } from './errors.js';
import type { Routes } from './routes.js';
import { showValue } from './show-value.js';

/**
 * Imports the module and has its default export add its routes.
 * @throws whatever the module throws; {@link RouteError} if it exports no function
 */
export async function loadApp(url: string, routes: Routes, host: AppHost): Promise<void> {
  const addRoutes = functionOf(await import(url), url);
  const app = new App(routes, host);
  await addRoutes(app);
  App.complete(app);
}

function functionOf(module: unknown, url: string): AppFunction {
  // What TypeScript and bundlers make of `export default` in CommonJS is the default of a default.
  let exported = (module as { default?: unknown }).default;
  if (typeof exported === 'object' && exported !== null && 'default' in exported) exported = exported.default;
  if (typeof exported === 'function') return exported as AppFunction;
  throw new RouteError(
    'ERR_MILLRACE_ROUTE_HANDLER',
    `The default export of ${url} must be a function (app) that adds routes, not ${showValue(exported)}`,
  );
}
