// native-sqlite.test.ts: examples/native-sqlite/, where SQLite's header and library are installed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { compileLibrary } from '../helpers/c-library.js';
import { Example, ORDERLY } from '../helpers/example.js';

function hasSqlite(): boolean {
  try {
    execFileSync(process.env['CC'] ?? 'cc', ['-x', 'c', '-E', '-'], {
      input: '#include <sqlite3.h>\n',
      stdio: 'pipe',
    });
    return true;
  } catch {
    return false;
  }
}

const skip = hasSqlite() ? false : 'sqlite3.h is not installed (Debian: libsqlite3-dev)';

test(
  'rows of a database are found, and a database that is none is an error of listen()',
  { skip },
  async (t) => {
    compileLibrary('examples/native-sqlite/countries.c', {
      name: 'native-sqlite',
      folder: 'out',
      libraries: ['-lsqlite3'],
    });
    const folder = mkdtempSync(join(tmpdir(), 'millrace-sqlite-'));
    t.after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const example = await Example.start(t, 'native-sqlite/server', {
      DATABASE: join(folder, 'countries.db'),
    });
    const answer = await fetch(`${example.url}/countries/is`);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual(await answer.json(), { code: 'is', name: 'Iceland', capital: 'Reykjavík' });
    const many = await Promise.all(
      Array.from(
        { length: 50 },
        async (_, n) => (await fetch(`${example.url}/countries/${n % 2 ? 'ke' : 'xx'}`)).status,
      ),
    );
    assert.deepEqual(
      many,
      Array.from({ length: 50 }, (_, n) => (n % 2 ? 200 : 404)),
    );
    assert.deepEqual(await example.stop(), ORDERLY);
    assert.equal(example.errors, '');

    const noDatabase = join(folder, 'text.db');
    writeFileSync(
      noDatabase,
      'this is no database, whatever it is called, and it is long enough to be sure\n'.repeat(20),
    );
    const failing = Example.run(t, 'native-sqlite/server', 0, { DATABASE: noDatabase });
    assert.equal((await failing.ended()).code, 1);
    assert.match(failing.errors, /ERR_MILLRACE_NATIVE_INIT/);
    assert.match(failing.errors, /text\.db: file is not a database/);
  },
);
