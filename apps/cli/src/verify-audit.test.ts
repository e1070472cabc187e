import {
  type AuditHead,
  type AuditRow,
  closingLine,
  EMPTY_CHAIN,
  exportedLine,
  hashOfLine,
  openingLine,
} from '@holdfast/core';
import { Holdfast } from '@holdfast/sdk';
import { describe, expect, test } from 'vitest';
import { said, verifyFile, verifyServer } from './verify-audit.ts';

const tenant = '01920000-0000-7000-8000-000000000001';

function chained(lines: number, mark = ''): AuditRow[] {
  const rows: AuditRow[] = [];
  let hash = '';
  for (let number = 1; number <= lines; number += 1) {
    const row = {
      number,
      at: number,
      operation: 'x',
      actor: 'k',
      target: `/${mark}`,
      line: `{"detail":{"a":${number}}}`,
    };
    hash = hashOfLine(tenant, hash, row);
    rows.push({ ...row, hash });
  }
  return rows;
}
const rows = chained(10);
const placeOf = (chain: readonly AuditRow[], number: number): AuditHead => {
  const row = chain[number - 1];
  return row === undefined ? EMPTY_CHAIN : { number, hash: row.hash };
};
const exported = (chain: readonly AuditRow[], from = 0, to = chain.length): string =>
  [
    openingLine({ tenant, from: placeOf(chain, from), checkpoint: false }),
    ...chain.slice(from, to).map(exportedLine),
    closingLine(placeOf(chain, to)),
  ]
    .map((line) => `${line}\n`)
    .join('');

/** In pieces that know nothing of lines. */
async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 7) yield text.slice(at, at + 7);
}

/** A server that has a chain; lines up to `removed` have gone because of their age. */
const serverWith = (chain: readonly AuditRow[], removed = 0): Holdfast =>
  new Holdfast({
    url: 'http://holdfast.test',
    key: 'k',
    fetch: (input) => {
      const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
      const checkpoint =
        removed === 0 ? null : { ...placeOf(chain, removed), count: 1, at: '2026-01-01T00:00:00.000Z' };
      if (pathname === '/v1/audit/head')
        return Promise.resolve(Response.json({ head: placeOf(chain, chain.length), checkpoint, verified: null }));
      const after = Number(searchParams.get('after'));
      const from = after > removed && after <= chain.length ? after : removed;
      return Promise.resolve(new Response(exported(chain, from)));
    },
  });

test('the lines of a server are followed here', async () => {
  const outcome = await verifyServer(serverWith(rows));
  expect(outcome).toEqual({ tenant, state: 'whole', lines: 10, from: 0, head: placeOf(rows, 10) });
  expect(said(outcome)).toMatch(/^The chain is whole: 10 lines, up to 10 /);
  const changed = rows.map((row) => (row.number === 4 ? { ...row, target: '/other' } : row));
  await expect(verifyServer(serverWith(changed))).rejects.toThrow(
    /broken at number 4: changed. Found there: x of \/other/,
  );
});

test('a file is followed by itself, and one that was cut is no proof', async () => {
  expect(said(await verifyFile(pieces(exported(rows, 3)), null))).toMatch(
    /^The chain is whole: 7 lines after number 3/,
  );
  await expect(verifyFile(pieces(exported(rows).slice(0, -20)), null)).rejects.toThrow(/not JSON|no end/);
});

describe('a file against a server', () => {
  const compared = (file: string, server: Holdfast) =>
    verifyFile(pieces(file), server).then(({ server: said_ }) => said_);

  test.each<[string, string, Holdfast, RegExp]>([
    ['goes on', exported(rows, 0, 6), serverWith(rows), /go on from number 6/],
    ['goes on where its checkpoint is', exported(rows, 0, 6), serverWith(rows, 6), /go on from number 6/],
    ['goes on behind its checkpoint', exported(rows, 0, 6), serverWith(rows, 4), /go on from number 6/],
    ['has removed all since', exported(rows, 0, 6), serverWith(rows, 8), /removed all lines of the file since/],
    ['has nothing to compare with nothing', exported(rows, 0, 0), serverWith(rows), /nothing in the file/],
  ])('the server %s', async (_what, file, server, words) => {
    expect(await compared(file, server)).toMatch(words);
  });

  test.each<[string, string, Holdfast, RegExp]>([
    [
      'other lines',
      exported(chained(6, 'other')),
      serverWith(rows),
      /Line 6 of the file and of the server are not the same/,
    ],
    ['another checkpoint', exported(chained(6, 'other')), serverWith(rows, 6), /Line 6 .* not the same/],
    ['another checkpoint before', exported(chained(6, 'other')), serverWith(rows, 4), /Line 4 .* not the same/],
    ['fewer lines and a checkpoint', exported(rows), serverWith(chained(7), 3), /its newest ones were cut off/],
    ['fewer lines', exported(rows), serverWith(chained(7)), /ends at number 10; the server has no such line/],
  ])('a server with %s is found', async (_what, file, server, words) => {
    await expect(compared(file, server)).rejects.toThrow(words);
  });
});
