import { expect, test } from 'vitest';
import type { AuditHead, AuditRow } from './audit-log.ts';
import { hashOfLine, verifyAudit } from './verify-audit.ts';

const tenant = '01920000-0000-7000-8000-000000000001';

function chain(length: number): { rows: AuditRow[]; head: AuditHead } {
  const rows: AuditRow[] = [];
  let hash = '';
  for (let number = 1; number <= length; number += 1) {
    const row = { number, at: 1_000 + number, operation: 'agents.publish', line: `{"target":"/${number}"}`, hash: '' };
    hash = hashOfLine(tenant, hash, row);
    rows.push({ ...row, hash });
  }
  return { rows, head: { number: length, hash } };
}

test.each([0, 1, 5])('a chain of %i lines is whole', (length) => {
  const { rows, head } = chain(length);
  expect(verifyAudit(tenant, rows, head)).toEqual({ type: 'whole', lines: length });
});

const changes: [what: string, change: (rows: AuditRow[]) => AuditRow[], number: number, problem: string][] = [
  ['a changed text', (rows) => rows.with(2, { ...at(rows, 2), line: '{}' }), 3, 'changed'],
  ['a changed time', (rows) => rows.with(2, { ...at(rows, 2), at: 1 }), 3, 'changed'],
  ['a changed operation', (rows) => rows.with(2, { ...at(rows, 2), operation: 'runs.cancel' }), 3, 'changed'],
  ['a changed hash', (rows) => rows.with(2, { ...at(rows, 2), hash: 'ff' }), 3, 'changed'],
  ['a missing line', (rows) => rows.toSpliced(2, 1), 3, 'missing'],
  ['a missing beginning', (rows) => rows.slice(1), 1, 'missing'],
  ['a missing end', (rows) => rows.slice(0, 4), 5, 'missing'],
  ['all lines missing', () => [], 1, 'missing'],
  ['an added line', (rows) => [...rows, { ...at(rows, 4), number: 6 }], 6, 'changed'],
  [
    'two lines exchanged',
    (rows) => rows.with(1, { ...at(rows, 2), number: 2 }).with(2, { ...at(rows, 1), number: 3 }),
    2,
    'changed',
  ],
];

test.each(changes)('%s is found', (_what, change, number, problem) => {
  const { rows, head } = chain(5);
  expect(verifyAudit(tenant, change(rows), head)).toEqual({ type: 'broken', number, problem });
});

test('lines of another tenant, and a chain that was computed anew, are found', () => {
  const { rows, head } = chain(5);
  expect(verifyAudit(tenant.replace('1', '2'), rows, head)).toMatchObject({ type: 'broken', number: 1 });
  const anew = rows.map((row) => ({ ...row, line: '{}' }));
  let hash = '';
  for (const [index, row] of anew.entries()) {
    hash = hashOfLine(tenant, hash, row);
    anew[index] = { ...row, hash };
  }
  expect(verifyAudit(tenant, anew, head)).toEqual({ type: 'broken', number: 5, problem: 'changed' });
});

function at(rows: readonly AuditRow[], index: number): AuditRow {
  const row = rows[index];
  if (row === undefined) throw new Error('the chain is shorter');
  return row;
}
