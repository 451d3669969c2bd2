// Files that change while they are served: the very next request has what there is.

import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { numberedBytes, startFiles, temporaryFolder, writeTree } from '../helpers/files.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';
import { descriptors } from '../lifecycle/fixtures/proc.js';

const SMALL = numberedBytes(1000);
const LARGE = numberedBytes(100_000);

/** Changes to the file `a.bin` in `folder`; `undefined`: it is not there any more. */
const CHANGES: readonly { name: string; change: (path: string, before: Buffer) => Buffer | undefined }[] = [
  {
    name: 'rewritten in place, longer',
    change: (path, before) => {
      const after = Buffer.concat([Buffer.from('more'), before]);
      writeFileSync(path, after);
      return after;
    },
  },
  {
    name: 'rewritten in place, with the same length',
    change: (path, before) => {
      const after = Buffer.from(before.toReversed());
      writeFileSync(path, after);
      return after;
    },
  },
  {
    name: 'rewritten with the same length, and its time set back',
    change: (path, before) => {
      const after = Buffer.from(before.toReversed());
      utimesSync(path, 1, 1);
      writeFileSync(path, after);
      utimesSync(path, 1, 1);
      return after;
    },
  },
  {
    name: 'replaced by rename',
    change: (path, before) => {
      const after = Buffer.from(before.toReversed());
      writeFileSync(`${path}.new`, after);
      renameSync(`${path}.new`, path);
      return after;
    },
  },
  {
    name: 'replaced by one of the other kind of size',
    change: (path, before) => {
      const after = before.length === SMALL.length ? LARGE : SMALL;
      writeFileSync(`${path}.new`, after);
      renameSync(`${path}.new`, path);
      return after;
    },
  },
  {
    name: 'removed and written anew',
    change: (path) => {
      unlinkSync(path);
      writeFileSync(path, 'anew');
      return Buffer.from('anew');
    },
  },
  {
    name: 'appended to',
    change: (path, before) => {
      appendFileSync(path, 'tail');
      return Buffer.concat([before, Buffer.from('tail')]);
    },
  },
  {
    name: 'truncated',
    change: (path, before) => {
      truncateSync(path, 10);
      return before.subarray(0, 10);
    },
  },
  {
    name: 'emptied',
    change: (path) => {
      truncateSync(path, 0);
      return Buffer.alloc(0);
    },
  },
  {
    name: 'deleted',
    change: (path) => {
      unlinkSync(path);
      return undefined;
    },
  },
  {
    name: 'renamed away',
    change: (path) => {
      renameSync(path, `${path}.old`);
      return undefined;
    },
  },
  {
    name: 'made a directory',
    change: (path) => {
      unlinkSync(path);
      mkdirSync(path);
      return undefined;
    },
  },
  {
    name: 'replaced by a link that leads out',
    change: (path) => {
      writeFileSync(join(path, '../../secret'), 'secret');
      unlinkSync(path);
      symlinkSync('../secret', path);
      return undefined;
    },
  },
  {
    name: 'linked to once more, which changes nothing',
    change: (path, before) => {
      linkSync(path, `${path}.also`);
      return before;
    },
  },
];

for (const contents of [SMALL, LARGE]) {
  for (const { name, change } of CHANGES) {
    test(`a file of ${String(contents.length)} bytes that is ${name} is so for the next request`, async (t) => {
      const { folder, connect } = await startFiles(t, { 'a.bin': contents }, { redirect: false });
      const client = await connect();
      const first = await client.ask(get('/a.bin'));
      assert.ok(first.body.equals(contents));
      const after = change(join(folder, 'a.bin'), contents);
      const next = await client.ask(get('/a.bin', { 'If-None-Match': first.headers['etag']! }));
      if (after === undefined) {
        assert.equal(next.status, 404);
        return;
      }
      if (after === contents) {
        assert.equal(next.status, 304);
        return;
      }
      assert.equal(next.status, 200);
      assert.ok(next.body.equals(after));
      assert.equal(next.headers['content-length'], String(after.length));
    });
  }
}

test('a file that comes is there for the next request', async (t) => {
  const { folder, connect } = await startFiles(t, {});
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).status, 404);
  writeFileSync(join(folder, 'a.txt'), 'abc');
  assert.equal((await client.ask(get('/a.txt'))).text, 'abc');
});

test('a file that changes a hundred times is never answered with what it was', async (t) => {
  const { folder, connect } = await startFiles(t, { 'a.txt': '' });
  const client = await connect();
  for (let i = 0; i < 100; i++) {
    writeFileSync(join(folder, 'a.txt'), `version ${String(i)}`);
    assert.equal((await client.ask(get('/a.txt'))).text, `version ${String(i)}`);
  }
});

test('the directory itself may be a link that is pointed elsewhere: a deployment in one step', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(folder, {
    'v1/a.txt': 'one',
    'v1/old.txt': 'old',
    'v2/a.txt': 'two',
    'v2/new.txt': 'new',
    current: { link: 'v1' },
  });
  const { connect } = await startServer(t, {}, (server) => server.static('/', join(folder, 'current')));
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).text, 'one');
  assert.equal((await client.ask(get('/old.txt'))).text, 'old');
  symlinkSync('v2', join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'current'));
  assert.equal((await client.ask(get('/a.txt'))).text, 'two');
  assert.equal((await client.ask(get('/new.txt'))).text, 'new');
  assert.equal((await client.ask(get('/old.txt'))).status, 404);
});

test('a directory below that is exchanged is exchanged for the next request', async (t) => {
  const { folder, connect } = await startFiles(t, { 'd/a.txt': 'one', 'e/a.txt': 'two' });
  const client = await connect();
  assert.equal((await client.ask(get('/d/a.txt'))).text, 'one');
  renameSync(join(folder, 'd'), join(folder, 'away'));
  renameSync(join(folder, 'e'), join(folder, 'd'));
  assert.equal((await client.ask(get('/d/a.txt'))).text, 'two');
});

test('a file that may not be read any more is not found', { skip: process.getuid?.() === 0 }, async (t) => {
  const { folder, connect } = await startFiles(t, { 'a.txt': 'abc' });
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).status, 200);
  chmodSync(join(folder, 'a.txt'), 0);
  assert.equal((await client.ask(get('/a.txt'))).status, 404);
});

test('a deleted file is closed when nobody has asked for it for some time, and all files with the server', async (t) => {
  const { server, folder, connect } = await startFiles(t, { 'a.bin': LARGE, 'b.bin': LARGE });
  const open = (): string[] => [...descriptors().values()].filter((target) => target.startsWith(folder));
  const client = await connect();
  // Not while a further change of what has just been written would not show.
  while (open().length < 2) {
    await client.ask(get('/a.bin'));
    await client.ask(get('/b.bin'));
  }
  assert.equal(open().length, 2);
  rmSync(join(folder, 'a.bin'));
  await until('both are closed', () => open().length === 0, 60_000);
  await client.ask(get('/b.bin'));
  assert.equal(open().length, 1);
  await server.close({ graceMs: 0 });
  assert.deepEqual(open(), []);
});

test('of more files than are kept open all are answered, and no more are open', async (t) => {
  const COUNT = 1200;
  // Larger than what is kept in memory.
  const contents = (i: number): string => String(i).padStart(17 * 1024);
  const tree = Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`${String(i)}.txt`, contents(i)]));
  const { server, folder, connect } = await startFiles(t, tree);
  const client = await connect();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < COUNT; i++)
      assert.equal((await client.ask(get(`/${String(i)}.txt`))).text, contents(i));
  }
  const open = [...descriptors().values()].filter((target) => target.startsWith(folder)).length;
  assert.ok(open > 0 && open <= 256, `${String(open)} files`);
  await server.close({ graceMs: 0 });
});
