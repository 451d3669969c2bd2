// held-requests.ts: a handler that answers only when the test says so.

import assert from 'node:assert/strict';

import type { Handler, HttpRequest, HttpResponse } from 'millrace';

import { until } from './promises.js';

export class HeldRequests {
  /** Paths in the order in which their handlers were called. */
  readonly started: string[] = [];
  readonly #responses = new Map<string, HttpResponse>();
  readonly #requests = new Map<string, HttpRequest>();

  readonly handler: Handler = (request, response) => {
    this.started.push(request.path);
    this.#requests.set(request.path, request);
    this.#responses.set(request.path, response);
  };

  response(path: string): HttpResponse {
    return this.#responses.get(path) ?? assert.fail(`the handler of ${path} has not been called`);
  }

  request(path: string): HttpRequest {
    return this.#requests.get(path) ?? assert.fail(`the handler of ${path} has not been called`);
  }

  /** Answers with the path as the body, unless there is another. */
  answer(path: string, body: string = path): void {
    this.response(path).end(body);
  }

  /** Waits until exactly these have been called, in this order. */
  async hasStarted(...paths: readonly string[]): Promise<void> {
    await until(
      `${paths.join(' ')} called; so far ${this.started.join(' ')}`,
      () => this.started.length >= paths.length,
    );
    assert.deepEqual(this.started, paths);
  }
}
