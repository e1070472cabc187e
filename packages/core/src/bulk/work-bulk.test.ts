import { expect, test } from 'vitest';
import { type BulkOperation, counted, newBulk } from './bulk-operation.ts';
import type { BulkPorts } from './bulk-ports.ts';
import { workBulk } from './work-bulk.ts';

const MINUTE = 60_000;
const by = { type: 'api-key' as const, id: 'k', roles: [] };

/** An operation whose last step was `age` ago, and which fits no run. Tells of each step that is saved. */
function world(age: number) {
  const now = 100 * MINUTE;
  let bulk = counted(newBulk({ id: 'b1', work: { type: 'fork', changes: {} }, filter: {}, by }, 0), 0, null, now - age);
  const steps: string[] = [];
  const store = {
    get: () => Promise.resolve(bulk),
    lock: () => Promise.resolve(bulk),
    save: (_: unknown, next: BulkOperation) => {
      bulk = next;
      steps.push(`${next.phase} ${now - next.updatedAt}`);
      return Promise.resolve();
    },
    fitting: () => Promise.resolve({ runs: [], next: null }),
  };
  const ports = {
    bulk: store,
    transactions: { run: (_: unknown, work: (stores: unknown) => unknown) => work({ bulk: store }) },
    clock: { now: () => now, monotonic: () => 0 },
  } as unknown as BulkPorts;
  const offer = (attempt: number) =>
    workBulk(ports)({ kind: 'bulk', tenant: 'acme', subject: 'b1', attempt, reservedUntil: 1 });
  return { offer, steps };
}

test('a step that is long ago is made anew first, so that ids of new runs tell their time', async () => {
  const { offer, steps } = world(2 * MINUTE);
  expect(await offer(1)).toBe('done');
  expect(steps).toEqual(['working 0', 'done 0']);
});

test.each([
  ['it is recent', 1, MINUTE],
  ['another worker may still prepare the next one', 2, 2 * MINUTE],
])('it is left as it is when %s', async (_when, attempt, age) => {
  const { offer, steps } = world(age);
  expect(await offer(attempt)).toBe('done');
  expect(steps).toEqual(['done 0']);
});
