// The conformance table (test/protocol/cases/): every row against the test application, and plain requests once more in
// pieces. `npm run conformance` runs the same beside node:http.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import type { Arrived } from '../conformance/connection.js';
import type { Plan } from '../conformance/conversation.js';
import { createMillraceApp } from '../conformance/millrace-app.js';
import { blockEdges, plansOf, runRow, runTable, type RowResult } from '../conformance/runner.js';
import { startApp } from '../conformance/subject.js';
import type { Row } from './cases/row.js';
import { TABLE } from './cases/table.js';
import { REQUESTS_FILE, requestsText } from './requests-file.js';

/** Longest wait for anything that has to come: it ends tests, it times nothing. */
const PATIENCE_MS = 20_000;
/** Longer requests fill buffers; what happens at their edges shorter ones show as well. */
const SHORT_BYTES = 1000;
/** Of a row with many variants, so many are tried in pieces, and byte by byte; test/native/table_cuts_test.cc tries all. */
const VARIANTS_CUT = 12;
const VARIANTS_BYTE_BY_BYTE = 2;

function failureOf({
  id,
  expected,
  came,
  wrong,
}: Pick<RowResult, 'id' | 'expected' | 'came' | 'wrong'>): string {
  return `${id}: expected ${expected!}; came ${came!}: ${wrong!}`;
}

test('each row of the table', { timeout: 240_000 }, async (t) => {
  const { port, clocks, stop } = await startApp('millrace-app');
  t.after(stop);
  const results = await runTable(TABLE, { port, clocks, patienceMs: PATIENCE_MS });
  for (const { name, rows } of TABLE) {
    await t.test(`${name}: ${rows.length} rows`, () => {
      const failed = results.filter(({ group, verdict }) => group === name && verdict !== 'passed');
      assert.deepEqual(failed.map(failureOf), []);
    });
  }
});

test('ids of rows are unique', () => {
  const ids = TABLE.flatMap(({ name, rows }) => rows.map(({ id }) => `${name}/${id}`));
  assert.deepEqual(
    ids.filter((id, n) => ids.indexOf(id) !== n),
    [],
  );
});

test('each row names the section that has its rule', () => {
  const unnamed = TABLE.flatMap(({ rows }) => rows).filter(
    ({ name }) => !/\((RFC \d+ §[\d.A-C]+(, §[\d.]+)?)\)$/.test(name),
  );
  assert.deepEqual(
    unnamed.map(({ name }) => name),
    [],
  );
});

test('native tests read the requests of this table', () => {
  const message = 'the table has changed: node out/test/protocol/requests-file.js';
  assert.ok(readFileSync(REQUESTS_FILE, 'utf8') === requestsText(), message);
});

test('plain requests, byte by byte and cut at edges of blocks', async (t: TestContext) => {
  const server = createMillraceApp();
  t.after(() => server.close({ graceMs: 0 }));
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const subject = { port, clocks: undefined, patienceMs: PATIENCE_MS };

  /** Each piece leaves when the server has received the one before, so that it sees exactly these pieces. */
  function arrivals(): Arrived {
    const before = server.stats().bytes.received;
    return async (bytes, connection) => {
      const over = performance.now() + PATIENCE_MS;
      while (server.stats().bytes.received - before < bytes && connection.end === undefined) {
        assert.ok(performance.now() < over, `the server has not received ${bytes} bytes`);
        await turn();
      }
    };
  }

  for (const { name, rows } of TABLE) {
    const plain = rows.filter(isPlain);
    if (plain.length === 0) continue;
    await t.test(`${name}: ${plain.length} rows`, async () => {
      for (const row of plain) {
        for (const plan of plansInPieces(row)) {
          const { verdict, ...failure } = await runRow(row, subject, [{ ...plan, arrived: arrivals() }]);
          assert.equal(
            verdict,
            'passed',
            failureOf({ id: `${row.id}, cut at ${plan.cuts.join(' ')}`, ...failure }),
          );
        }
      }
    });
  }
});

/** Sent in one piece by the table, and answered at once. */
function isPlain({ delivery, bytes }: Row): boolean {
  const texts = [bytes].flat();
  return (
    delivery === undefined && texts.every((text) => text.length <= SHORT_BYTES && !text.includes('/slow'))
  );
}

function* plansInPieces(row: Row): Generator<Plan> {
  for (const [n, plan] of [...plansOf(row)].slice(0, VARIANTS_CUT).entries()) {
    const { length } = plan.bytes;
    const everywhere = Array.from({ length: length - 1 }, (_, at) => at + 1);
    if (n < VARIANTS_BYTE_BY_BYTE) yield { ...plan, cuts: everywhere };
    for (const cut of blockEdges(length)) yield { ...plan, cuts: [cut] };
  }
}
