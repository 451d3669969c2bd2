// uploads.ts: clients who do not finish what they have begun to upload.

import { head } from '../../helpers/requests.js';
import { echo, echoInChunks, upload, uploadInChunks } from '../clients/numbered-requests.js';
import type { Fault } from './fault.js';
import { bodyStart, leave, reset, sentInPart } from './moves.js';

/** More than one read of the server, and than what the ring's memory takes. */
const UPLOAD_BYTES = 400_000;
const CHUNK_BYTES = 9_000;

export const UPLOADS: readonly Fault[] = [
  {
    name: 'abort-upload',
    does: 'goes within a large upload',
    inject: async (visit) => {
      const { connect, random, next } = visit;
      const client = await connect();
      const { text } =
        random(2) === 0 ? echo(next(), UPLOAD_BYTES) : echoInChunks(next(), UPLOAD_BYTES, CHUNK_BYTES);
      await sentInPart(client, visit, text, bodyStart(text));
      await leave(client, visit);
    },
  },
  {
    name: 'abort-streamed-upload',
    does: 'goes within an upload that its handler reads as it comes',
    inject: async (visit) => {
      const { connect, random, next } = visit;
      const client = await connect();
      const { text } =
        random(2) === 0 ? upload(next(), UPLOAD_BYTES) : uploadInChunks(next(), UPLOAD_BYTES, CHUNK_BYTES);
      await sentInPart(client, visit, text, bodyStart(text));
      await leave(client, visit);
    },
  },
  {
    name: 'leave-at-continue',
    does: 'asks for 100 Continue and goes',
    inject: async ({ connect, next }) => {
      const client = await connect();
      client.send(head('POST', `/echo/${next()}`, { 'Content-Length': '10', Expect: '100-continue' }));
      await client.readUntil('100 Continue\r\n\r\n');
      await reset(client);
    },
  },
];
