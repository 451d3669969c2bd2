// blocking-app.ts: what each handler thread runs; /sleep blocks it.

import type { App } from 'millrace';
import { block } from '../javascript/routes.js';
import { addHello, addOthers } from './routes.js';

export default (app: App): void => {
  addHello(app);
  addOthers(app, (ms) => {
    block(ms);
    return undefined;
  });
};
