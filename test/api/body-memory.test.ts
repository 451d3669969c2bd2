// Whose memory the Buffers of large bodies are is nothing that a handler notices: they are its own, for as long as it
// likes. (Some of them are memory of the server's that has changed hands: lib/young-buffers.ts.)

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';

import type { HttpRequest } from 'millrace';

import { TAKES_MEMORY_OVER } from '#lib/young-buffers.js';
import { collectGarbage } from '../helpers/garbage.js';
import { post } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';

const KIB = 1024;
const SIZES = [64 * KIB, 100_000, 256 * KIB, 300_000, 512 * KIB + 1, 1_000_000, 1024 * KIB];
const UPLOADS = 40;

const READERS: Readonly<Record<string, (request: HttpRequest) => Promise<readonly Buffer[]>>> = {
  'in pieces': async (request) => {
    const pieces: Buffer[] = [];
    for await (const piece of request.body) pieces.push(piece);
    return pieces;
  },
  whole: async (request) => [await request.buffer()],
};

/** Each differs from the others in every byte. */
function bodyOf(upload: number): string {
  return String.fromCharCode('0'.charCodeAt(0) + upload).repeat(SIZES[upload % SIZES.length]!);
}

for (const [how, read] of Object.entries(READERS)) {
  test(`Buffers of bodies that were read ${how} stay what they are, also when their server has ended`, async (t) => {
    const kept: (readonly Buffer[])[] = [];
    const { connect, server } = await startHandler(t, async (req, res) => {
      kept.push(await read(req));
      res.end();
    });
    const client = await connect();
    const checkAll = (): void => {
      for (const [upload, pieces] of kept.entries())
        assert.ok(Buffer.concat(pieces).toString('latin1') === bodyOf(upload), `upload ${String(upload)}`);
    };
    for (let upload = 0; upload < UPLOADS; upload++) {
      assert.equal((await client.ask(post('/', bodyOf(upload)))).status, 200);
      if (upload % 10 === 0) collectGarbage();
    }
    checkAll();
    await server.close();
    collectGarbage();
    checkAll();
  });

  test(`Buffers of bodies that were read ${how} can be written to and sent to another thread, with a transfer list`, async (t) => {
    let handedOver = 0;
    const { connect } = await startHandler(t, async (req, res) => {
      const { port1, port2 } = new MessageChannel();
      let received = '';
      for (const piece of await read(req)) {
        piece[0] = '!'.charCodeAt(0);
        port1.postMessage(piece, [piece.buffer as ArrayBuffer]);
        if (piece.length > 0) handedOver++; // Node.js 20 copies what is not V8's, and so the sender still has it
        const { message } = receiveMessageOnPort(port2) as { message: Uint8Array };
        received += Buffer.from(message).toString('latin1');
      }
      port1.close();
      res.end(received);
    });
    const client = await connect();
    for (let upload = 0; upload < SIZES.length; upload++) {
      const { text } = await client.ask(post('/', bodyOf(upload)));
      assert.equal(text.length, bodyOf(upload).length);
      assert.ok(text.startsWith('!'));
      assert.ok(text.replaceAll('!', bodyOf(upload).charAt(0)) === bodyOf(upload));
    }
    t.diagnostic(`${String(handedOver)} Buffers were memory that has changed hands`);
    assert.equal(handedOver > 0, TAKES_MEMORY_OVER);
  });
}
