import { describe, expect, test } from 'vitest';
import { type AuditHead, type AuditRow, CHECKPOINT, EMPTY_CHAIN } from './audit-log.ts';
import { AuditFileUnreadable, closingLine, exportedLine, openingLine, verifyExport } from './audit-export.ts';
import { type AuditVerdict, hashOfLine, verifyChain } from './verify-audit.ts';

const tenant = '01920000-0000-7000-8000-000000000001';
const LENGTH = 120;

type Line = Omit<AuditRow, 'number' | 'hash'>;

const line = (place: number): Line => ({
  at: 1_000 + place,
  operation: 'agents.publish',
  actor: 'k',
  target: `/v1/agents/a/versions/${place}`,
  line: `{"detail":{"place":${place}}}`,
});

function chained(lines: readonly Line[], from: AuditHead = EMPTY_CHAIN): AuditRow[] {
  const rows: AuditRow[] = [];
  let { number, hash } = from;
  for (const one of lines) {
    number += 1;
    hash = hashOfLine(tenant, hash, { ...one, number });
    rows.push({ ...one, number, hash });
  }
  return rows;
}

const whole = chained(Array.from({ length: LENGTH }, (_, index) => line(index + 1)));
const head: AuditHead = at(whole, LENGTH);

const verify = (
  rows: readonly AuditRow[],
  end: AuditHead = head,
  from: AuditHead = EMPTY_CHAIN,
  checkpoint: AuditHead | null = null,
): Promise<AuditVerdict> => verifyChain(tenant, from, rows, () => Promise.resolve(end), checkpoint);

test.each([0, 1, 49, 50, 51, LENGTH])('a chain of %i lines is whole', async (length) => {
  const rows = whole.slice(0, length);
  expect(await verify(rows, rows.at(-1) ?? EMPTY_CHAIN)).toMatchObject({ type: 'whole', lines: length, from: 0 });
});

/** As they stand in a database: each bears the number of its place. */
const renumbered = (rows: readonly AuditRow[]): AuditRow[] => rows.map((row, index) => ({ ...row, number: index + 1 }));

const changes: [what: string, rows: AuditRow[], number: number, problem: string, found: RegExp][] = [
  ['a changed text', whole.with(2, { ...at(whole, 3), line: '{}' }), 3, 'changed', /does not follow from line 2/],
  ['a changed time', whole.with(2, { ...at(whole, 3), at: 1 }), 3, 'changed', /with the hash/],
  ['a changed operation', whole.with(2, { ...at(whole, 3), operation: 'runs.cancel' }), 3, 'changed', /runs\.cancel/],
  ['a changed actor', whole.with(2, { ...at(whole, 3), actor: 'x' }), 3, 'changed', /by x/],
  ['a changed target', whole.with(2, { ...at(whole, 3), target: '/v1/x' }), 3, 'changed', /of \/v1\/x/],
  ['a changed hash', whole.with(2, { ...at(whole, 3), hash: 'ff' }), 3, 'changed', /the hash ff/],
  ['the last line changed', whole.with(-1, { ...at(whole, LENGTH), line: '{}' }), LENGTH, 'changed', /with the hash/],
  ['a removed line', whole.toSpliced(2, 1), 3, 'removed', /^line 4: 1 lines before it/],
  ['removed lines', whole.toSpliced(60, 7), 61, 'removed', /^line 68: 7 lines/],
  [
    'a removed line, the rest renumbered',
    renumbered(whole.toSpliced(2, 1)),
    3,
    'removed',
    /written as 4: .*versions\/4/,
  ],
  ['five removed lines, the rest renumbered', renumbered(whole.toSpliced(2, 5)), 3, 'removed', /written as 8/],
  ['a removed beginning', whole.slice(1), 1, 'removed', /^line 2/],
  ['a removed end', whole.slice(0, 117), 118, 'removed', /the lines end at 117, the head is at 120/],
  ['all lines removed', [], 1, 'removed', /end at 0/],
  ['two lines exchanged', swapped(2, 3), 3, 'reordered', /line that was written as 4: .*versions\/4/],
  ['two lines exchanged, renumbered', renumbered(swapped(2, 3)), 3, 'reordered', /written as 4/],
  ['two lines far apart exchanged, renumbered', renumbered(swapped(9, 19)), 10, 'reordered', /written as 20/],
  ['a line moved back, renumbered', renumbered(moved(2, 12)), 3, 'reordered', /written as 4/],
  ['a line twice', whole.toSpliced(5, 0, at(whole, 4)), 4, 'inserted', /line 4 a second time, after line 5/],
  ['an inserted line with any hash', renumbered(whole.toSpliced(2, 0, alien('ff'))), 3, 'inserted', /by intruder/],
  ['an inserted line with a good hash', renumbered(whole.toSpliced(2, 0, alien())), 3, 'inserted', /none of the chain/],
  ['a line behind the head', [...whole, alien('ff', LENGTH + 1)], LENGTH + 1, 'changed', /by intruder/],
  ['a good line behind the head', chained([...whole, alien()]), LENGTH + 1, 'inserted', /although the head is at 120/],
  [
    'a line under another number',
    whole.with(2, { ...at(whole, 3), number: 300 }),
    3,
    'changed',
    /under the number 300/,
  ],
];

test.each(changes)('%s is found and named', async (_what, rows, number, problem, found) => {
  expect(await verify(rows)).toEqual({
    type: 'broken',
    lines: number - 1,
    number,
    problem,
    found: expect.stringMatching(found),
  });
});

test('lines of another tenant, and a chain that was computed anew, are found', async () => {
  const other = tenant.replace('1', '2');
  expect(await verifyChain(other, EMPTY_CHAIN, whole, () => Promise.resolve(head))).toMatchObject({ number: 1 });
  const anew = chained(whole.map((row) => (row.number === 7 ? { ...row, line: '{}' } : row)));
  expect(await verify(anew)).toMatchObject({
    number: LENGTH,
    problem: 'changed',
    found: expect.stringMatching(/written anew/),
  });
});

describe('a chain whose beginning was removed', () => {
  const cut = { number: 40, hash: at(whole, 40).hash };
  const tells = (said: AuditHead): Line => ({
    ...line(0),
    operation: CHECKPOINT,
    line: JSON.stringify({ detail: said }),
  });
  const rest = [...whole.slice(40), ...chained([tells(cut), line(200)], head)];
  const end = at(rest, rest.length);

  test('is whole from its checkpoint on', async () => {
    expect(await verify(rest, end, cut, cut)).toMatchObject({ type: 'whole', lines: 82, from: 40 });
  });

  test('of two checkpoints the newer counts', async () => {
    const older = { number: 20, hash: at(whole, 20).hash };
    const both = [...whole.slice(40), ...chained([tells(older), tells(cut)], head)];
    expect(await verify(both, at(both, both.length), cut, cut)).toMatchObject({ type: 'whole' });
    const wrong = [...whole.slice(40), ...chained([tells(cut), tells(older)], head)];
    expect(await verify(wrong, at(wrong, wrong.length), cut, cut)).toMatchObject({ problem: 'checkpoint-forged' });
  });

  test('a checkpoint that nobody told of is found', async () => {
    const forged = { number: 50, hash: at(whole, 50).hash };
    expect(await verify(rest.slice(10), end, forged, forged)).toEqual({
      type: 'broken',
      lines: 0,
      number: 50,
      problem: 'checkpoint-forged',
      found: 'another checkpoint than line 121 tells of, which is at 40',
    });
    expect(await verify(whole.slice(50), head, forged, forged)).toMatchObject({
      problem: 'checkpoint-forged',
      found: 'a checkpoint of which no line tells',
    });
  });

  test('a checkpoint with another hash is found', async () => {
    const forged = { number: 40, hash: 'ff' };
    expect(await verify(rest, end, forged, forged)).toMatchObject({ number: 41, problem: 'changed' });
  });
});

describe('an export', () => {
  const exported = (rows: readonly AuditRow[], end: AuditHead = head, from: AuditHead = EMPTY_CHAIN): string[] => [
    openingLine({ tenant, from, checkpoint: false }),
    ...rows.map(exportedLine),
    closingLine(end),
  ];

  test('verifies by itself, and tells a hash that is asked for', async () => {
    const odd = chained([
      { ...line(1), target: '/v1/x,"text":{},"hash":"ff"}', line: '{ "detail" : {"a,\\"hash\\":": 1 } }' },
    ]);
    expect(await verifyExport(exported(odd, at(odd, 1)))).toMatchObject({
      tenant,
      verdict: { type: 'whole', lines: 1 },
    });
    expect(await verifyExport(exported(whole), 40)).toMatchObject({ hashAt: at(whole, 40).hash });
    expect(await verifyExport(exported(whole), 400)).toMatchObject({ hashAt: null });
    expect(await verifyExport(exported(whole.slice(40), head, at(whole, 40)), 40)).toMatchObject({
      verdict: { type: 'whole', lines: 80 },
      hashAt: at(whole, 40).hash,
    });
  });

  test.each(changes.filter(([, , , problem]) => problem !== 'checkpoint-forged'))(
    '%s is found in it',
    async (_what, rows, number, problem) => {
      expect((await verifyExport(exported(rows))).verdict).toMatchObject({ number, problem });
    },
  );

  test.each<[string, (lines: string[]) => string[], RegExp]>([
    ['nothing', () => [], /first line does not say so|not JSON/],
    ['no opening', (lines) => lines.slice(1), /first line does not say so/],
    ['no end', (lines) => lines.slice(0, -1), /no end: it was cut/],
    ['lines behind its end', (lines) => [...lines, ...lines.slice(1, 2)], /behind its end/],
    ['a torn line', (lines) => lines.with(3, '{"number":3,'), /Line 4 of the file is not JSON/],
    ['a line of something else', (lines) => lines.with(3, '{"number":3}'), /Line 4 of the file is not a line/],
  ])('with %s cannot be read', async (_what, change, message) => {
    const reading = verifyExport(change(exported(whole)));
    await expect(reading).rejects.toThrow(AuditFileUnreadable);
    await expect(reading).rejects.toThrow(message);
  });
});

/** By its number, from 1. */
function at(rows: readonly AuditRow[], number: number): AuditRow {
  const row = rows[number - 1];
  if (row === undefined) throw new Error('the chain is shorter');
  return row;
}

function swapped(left: number, right: number): AuditRow[] {
  return whole.with(left, at(whole, right + 1)).with(right, at(whole, left + 1));
}

function moved(from: number, to: number): AuditRow[] {
  return whole.toSpliced(from, 1).toSpliced(to, 0, at(whole, from + 1));
}

/** A line that was never written; without a hash, one that follows on line 2. */
function alien(hash?: string, number = 3): AuditRow {
  const row = { ...line(3), actor: 'intruder', number };
  return { ...row, hash: hash ?? hashOfLine(tenant, at(whole, 2).hash, row) };
}
