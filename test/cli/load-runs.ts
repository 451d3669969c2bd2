// load-runs.ts: runs `millrace load --json`, and servers that answer with any bytes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

import { startServer, type TestServer } from '../helpers/server.js';
import { runCommand, type CommandEnd } from './cli.js';

/** What --json prints, as far as tests look at it. */
export interface Report {
  readonly url: string;
  readonly address: string;
  readonly method: string;
  readonly mode: string;
  readonly connections: number;
  readonly threads: number;
  readonly pipeline: number;
  readonly rate: number | null;
  readonly end: string;
  readonly seconds: number;
  readonly sent: number;
  readonly answers: number;
  readonly answersPerSecond: number;
  readonly unanswered: number;
  readonly unsent: number;
  readonly connectionsOpened: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly latencyUs: Readonly<Record<string, number | null>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly firstErrors: Readonly<Record<string, string>>;
  readonly cpu: Readonly<Record<string, number | null>>;
}

export interface LoadEnd extends CommandEnd {
  readonly report: Report;
}

export async function load(t: TestContext, ...args: readonly string[]): Promise<LoadEnd> {
  const end = await runCommand(t, ['load', ...args, '--json']);
  assert.notEqual(end.stdout, '', end.stderr);
  return { ...end, report: JSON.parse(end.stdout) as Report };
}

/** The kinds of which there were some. */
export function errorsOf({ report }: LoadEnd): Record<string, number> {
  const kinds = Object.entries(report.errors).filter(([kind, count]) => kind !== 'total' && count > 0);
  const sum = kinds.reduce((total, [, count]) => total + count, 0);
  assert.equal(report.errors['total'], sum);
  return Object.fromEntries(kinds);
}

export function startApp(t: TestContext): Promise<TestServer> {
  return startServer(t, {}, (server) => {
    server.reply('GET', '/', { body: 'hello' });
    server.get('/slow', (_req, res) => {
      setTimeout(() => {
        res.text('slow');
      }, 50);
    });
    server.get('/pieces', (_req, res) => {
      for (let i = 0; i < 3; i++) res.write('piece');
      res.end();
    });
    server.post('/echo', async (req, res) => {
      res.end(await req.buffer());
    });
  });
}

/** A server for bytes: `answer` gets each connection's socket whenever a request may have come. */
export async function startRaw(
  t: TestContext,
  onConnection: (socket: Socket, number: number) => void,
): Promise<{ readonly url: string; readonly server: Server; connections: number }> {
  const state = { url: '', server: createServer(), connections: 0 };
  const sockets = new Set<Socket>();
  state.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onConnection(socket, state.connections++);
  });
  state.server.listen(0, '127.0.0.1');
  t.after(() => {
    state.server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(state.server, 'listening');
  state.url = `http://127.0.0.1:${String((state.server.address() as AddressInfo).port)}/`;
  return state;
}

/** One answer for each request, but for those between these times, counted from the first request, late. */
export function stalling(fromMs: number, untilMs: number): (socket: Socket) => void {
  let start: number | undefined;
  return (socket) => {
    socket.on('data', (bytes: Buffer) => {
      const answers = OK.repeat(bytes.toString('latin1').split('\r\n\r\n').length - 1);
      start ??= performance.now();
      const at = performance.now() - start;
      if (at < fromMs || at >= untilMs) socket.write(answers);
      else setTimeout(() => socket.write(answers), untilMs - at);
    });
  };
}

/** One answer for each request head that ends with an empty line. */
export function answering(answer: string, thenEnd = false): (socket: Socket) => void {
  return (socket) => {
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
        received = received.slice(end + 4);
        socket.write(answer, 'latin1');
        if (thenEnd) socket.end();
      }
    });
  };
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
