import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';

import { formatAddress } from '#lib/address.js';

const ROUNDS = 20_000;

function format(family: number, bytes: readonly number[]): string | undefined {
  return formatAddress(family, (index) => bytes[index] ?? assert.fail(`byte ${String(index)} was read`));
}

function bytesOf(groups: readonly number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** What Node.js makes of an address that is written out in full. */
function nodesForm(groups: readonly number[]): string {
  const address = groups.map((group) => group.toString(16)).join(':');
  return new SocketAddress({ family: 'ipv6', address }).address;
}

test('an IPv4 address has dots', () => {
  assert.equal(format(4, [127, 0, 0, 1]), '127.0.0.1');
  assert.equal(format(4, [255, 255, 255, 255]), '255.255.255.255');
});

test('a Unix socket has no address', () => {
  assert.equal(format(0, []), undefined);
});

const FORMS: readonly (readonly [string, readonly number[]])[] = [
  ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
  ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
  ['2001:db8::1', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]],
  ['2001:db8::1:0:0:1', [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]],
  ['2001:db8:0:1:1:1:1:1', [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]],
  ['1:0:0:2::3', [1, 0, 0, 2, 0, 0, 0, 3]],
  ['fe80::', [0xfe80, 0, 0, 0, 0, 0, 0, 0]],
  ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]],
  ['::192.0.2.1', [0, 0, 0, 0, 0, 0, 0xc000, 0x0201]],
  ['64:ff9b::c000:201', [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0201]],
];

for (const [text, groups] of FORMS) {
  test(`${text} is written as in RFC 5952 and by Node.js`, () => {
    assert.equal(format(6, bytesOf(groups)), text);
    assert.equal(nodesForm(groups), text);
  });
}

test('every pattern of zero groups is written as Node.js writes it', () => {
  for (let zeros = 0; zeros < 256; zeros++) {
    const groups = Array.from({ length: 8 }, (_, index) =>
      (zeros >> index) & 1 ? 0 : index === 5 ? 0xffff : 0xa,
    );
    assert.equal(format(6, bytesOf(groups)), nodesForm(groups));
  }
});

test('random addresses with many zeros are written as Node.js writes them', () => {
  const choices = [0, 0, 0, 1, 0xffff, 0x10, 0xabc, 0x1234];
  let seed = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const groups = Array.from({ length: 8 }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0; // a fixed sequence: failures can be repeated
      return choices[(seed >>> 16) % choices.length] ?? 0;
    });
    assert.equal(format(6, bytesOf(groups)), nodesForm(groups), groups.join(':'));
  }
});
