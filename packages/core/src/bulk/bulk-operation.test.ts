import { describe, expect, test } from 'vitest';
import type { RunStatus } from '../log/run-store.ts';
import {
  bulkForkId,
  type BulkOperation,
  type BulkWork,
  cancelled,
  counted,
  foreseenRefusal,
  matchedBy,
  newBulk,
  outcomeOf,
  runsOf,
  sameStep,
  skippedBy,
  worked,
} from './bulk-operation.ts';

const by = { type: 'api-key', id: 'k', roles: ['operator'] } as const;
const bulkOf = (work: BulkWork = { type: 'cancel' }, filter: BulkOperation['filter'] = {}): BulkOperation =>
  newBulk({ id: '019b0000-0000-7000-8000-000000000001', work, filter, by: { ...by, roles: ['operator'] } }, 1_000);

test('it is about runs of its own time and before, and what its filter says', () => {
  expect(runsOf(bulkOf({ type: 'cancel' }, { agent: 'a' }))).toEqual({ agent: 'a', createdBefore: 1_001 });
  expect(runsOf(bulkOf({ type: 'cancel' }, { createdBefore: 7 }))).toEqual({ createdBefore: 7 });
  expect(runsOf(bulkOf({ type: 'cancel' }, { createdBefore: 9_999 }))).toEqual({ createdBefore: 1_001 });
});

test('runs are counted page by page, then it works from the first again', () => {
  const page = counted(bulkOf(), 3, 'r9', 1_001);
  expect(page).toMatchObject({ phase: 'counting', reached: 'r9', counted: 3, updatedAt: 1_001, endedAt: null });
  expect(counted(page, 2, null, 1_002)).toMatchObject({ phase: 'working', reached: null, counted: 5 });
});

test('outcomes are added up; at the end what was looked at is what matched', () => {
  const begun = counted(bulkOf(), 9, null, 1_001);
  const skip = { type: 'skipped', code: 'run_ended' } as const;
  const first = worked(begun, [skip, { type: 'done' }, outcomeOf('r5', 'alias_not_found', 'none')], 'r5', 1_002);
  expect(first).toMatchObject({ phase: 'working', reached: 'r5', done: 1, failed: 1, updatedAt: 1_002 });
  expect(first.errors).toEqual([{ run: 'r5', code: 'alias_not_found', detail: 'none' }]);
  expect(matchedBy(first)).toBe(9);
  const last = worked(first, [skip, { type: 'skipped', code: 'run_stopping' }], null, 1_003);
  expect(last).toMatchObject({ phase: 'done', skipped: { run_ended: 2, run_stopping: 1 }, endedAt: 1_003 });
  expect([skippedBy(last), matchedBy(last)]).toEqual([3, 5]);
  // More than were counted, since the states of runs change.
  expect(matchedBy(worked(counted(bulkOf(), 0, null, 1), [skip], 'r1', 2))).toBe(1);
});

test('the first errors are kept, the others counted', () => {
  const many = Array.from({ length: 30 }, (_, index) => outcomeOf(`r${index}`, 'internal', 'x'.repeat(1_000)));
  const { errors, failed } = worked(bulkOf(), many, null, 1);
  expect([errors.length, failed, errors[19]?.run, errors[0]?.detail.length]).toEqual([20, 30, 'r19', 500]);
});

test('a step that somebody else took is seen', () => {
  const bulk = counted(bulkOf(), 3, 'r9', 1_001);
  expect(sameStep(bulk, { ...bulk })).toBe(true);
  for (const other of [counted(bulk, 1, 'r8', 1_001), counted(bulk, 1, 'r9', 1_002), cancelled(bulk, 1_001)])
    expect(sameStep(bulk, other)).toBe(false);
});

test('the same step makes the same fork, and every other another', () => {
  const bulk = bulkOf();
  const id = bulkForkId(bulk, 'r1');
  expect(id).toMatch(/^00000000-03e8-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(bulkForkId({ ...bulk }, 'r1')).toBe(id);
  const others = [
    bulkForkId(bulk, 'r2'),
    bulkForkId({ ...bulk, id: 'b2' }, 'r1'),
    bulkForkId({ ...bulk, updatedAt: 2 }, 'r1'),
  ];
  expect(new Set([id, ...others]).size).toBe(4);
});

describe('what a status foretells', () => {
  const statuses: RunStatus[] = ['queued', 'running', 'waiting', 'paused', 'succeeded', 'failed', 'cancelled'];
  const ended = ['run_ended', 'run_ended', 'run_ended'];
  test.each<[BulkWork, (string | null)[]]>([
    [{ type: 'cancel' }, [null, null, null, null, ...ended]],
    [{ type: 'resume' }, [null, null, null, null, ...ended]],
    [{ type: 'pause' }, [null, null, null, 'run_already_paused', ...ended]],
    [{ type: 'rerun', changes: {} }, ['run_live', 'run_live', 'run_live', null, null, null, null]],
    [{ type: 'fork', changes: {} }, ['run_live', 'run_live', 'run_live', null, null, null, null]],
  ])('%o', (work, codes) => {
    expect(statuses.map((status) => foreseenRefusal(work, status))).toEqual(codes);
  });
});
