// password-hashing-app.ts: the handlers of password-hashing.ts. Each handler thread runs this module, and has its own of
// everything in it.

import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import type { App } from 'millrace';

const HASH_BYTES = 32;

export default (app: App): void => {
  app.get('/', (_req, res) => {
    res.text('POST a password to /hashes, or one to be checked to /hashes/SALT/HASH\n');
  });

  // Not crypto.scrypt(), on purpose: this stands for whatever computes and has no asynchronous form. It holds up this
  // thread for some 40 ms, and no other one.
  app.post('/hashes', async (req, res) => {
    const salt = randomBytes(16);
    const hash = scryptSync(await req.text(), salt, HASH_BYTES);
    res.text(`${salt.toString('hex')}/${hash.toString('hex')}\n`);
  });

  // Nothing is kept in memory: the next request may be any thread's.
  app.post('/hashes/:salt/:hash', async (req, res) => {
    const expected = Buffer.from(req.params['hash'] ?? '', 'hex');
    const hash = scryptSync(await req.text(), Buffer.from(req.params['salt'] ?? '', 'hex'), HASH_BYTES);
    const isRight = expected.length === hash.length && timingSafeEqual(expected, hash);
    res.status(isRight ? 200 : 403).text(isRight ? 'right\n' : 'wrong\n');
  });
};
