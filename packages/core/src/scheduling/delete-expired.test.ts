import { expect, test } from 'vitest';
import { deleteExpired, type ExpiredRuns } from './delete-expired.ts';

const NOW = 1_000_000_000_000;
const HOUR = 3_600_000;
const row = { kind: 'retention', tenant: 't', subject: 't', attempt: 1, reservedUntil: 1 } as const;
const answering = (answer: Awaited<ReturnType<ExpiredRuns['delete']>>) =>
  deleteExpired({
    expired: { delete: () => Promise.resolve(answer) },
    clock: { now: () => NOW, monotonic: () => 0 },
  })(row);

test.each([
  ['is over where runs are kept for ever', null, 'done'],
  ['goes on at once while there is more', { runs: ['a'], nextAt: NOW - 5 }, { again: NOW }],
  ['comes again when the next run is due', { runs: ['a'], nextAt: NOW + HOUR / 2 }, { again: NOW + HOUR / 2 }],
  ['comes again within the hour', { runs: [], nextAt: NOW + 9 * HOUR }, { again: NOW + HOUR }],
  ['comes again within the hour when nothing has ended', { runs: [], nextAt: null }, { again: NOW + HOUR }],
  ['does not insist on what it could not delete', { runs: [], nextAt: NOW - 5 }, { again: NOW + 60_000 }],
])('a look %s', async (_what, answer, wanted) => {
  expect(await answering(answer)).toEqual(wanted);
});
