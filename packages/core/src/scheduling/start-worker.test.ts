import { expect, test } from 'vitest';
import type { OutboxHandlers, OutboxRow } from './outbox.ts';
import type { RunDriver } from './run-driver.ts';
import { startWorker, type WorkerPorts } from './start-worker.ts';

/** The kind that these tests give a handler to. */
const only =
  (pick: WorkerPorts['outbox']['pick']): WorkerPorts['outbox']['pick'] =>
  (kind, limit, reserveMs) =>
    kind === 'bulk' ? pick(kind, limit, reserveMs) : Promise.resolve([]);

/** Nothing is due but what `pick` says. */
function world(pick: WorkerPorts['outbox']['pick']) {
  const told: string[] = [];
  const none = () => Promise.resolve([]);
  const nobody = { start: () => Promise.resolve(), deadPeers: none };
  const ports = {
    schedule: { pick: none, suspended: none, nextDue: () => Promise.resolve({ at: null, waiting: false }) },
    lease: { ...nobody, close: () => Promise.resolve(void told.push('the lease is closed')) },
    outbox: { pick: only(pick), postpone: () => Promise.resolve() },
    hints: { subscribe: () => () => undefined },
    housekeep: () => Promise.resolve(0),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: { warn: (_facts: object, text: string) => told.push(text) },
  } as unknown as WorkerPorts;
  return { ports, told };
}

const options = { watchPeersMs: null };
const idle = (): RunDriver => ({
  reserveMs: 1,
  room: 1,
  take: () => undefined,
  ended: () => Promise.resolve(),
  drain: () => Promise.resolve(),
});
const row = (subject: string): OutboxRow => ({ kind: 'bulk', tenant: 't', subject, attempt: 1, reservedUntil: 1 });

test('drains in its time when a handler does not come back', async () => {
  const { ports, told } = world(() => Promise.resolve([row('a')]));
  let begun = 0;
  const stuck = (): Promise<never> => {
    begun += 1;
    return new Promise(() => undefined);
  };
  const worker = await startWorker(ports, options, { bulk: stuck }, idle);
  await expect.poll(() => begun).toBe(1);
  await worker.drain(10);
  expect(told).toEqual(['the lease is closed']);
});

test('drains at once when the outbox always has more', async () => {
  const { ports, told } = world((_kind, limit) =>
    Promise.resolve(Array.from({ length: limit }, (_, index) => row(`s${index}`))),
  );
  let handled = 0;
  const busy: OutboxHandlers = {
    bulk: async () => {
      handled += 1;
      // A turn of the loop, as a query takes.
      await new Promise((resolve) => setImmediate(resolve));
      return { again: 0 };
    },
  };
  const worker = await startWorker(ports, options, busy, idle);
  await expect.poll(() => handled).toBeGreaterThan(5);
  await worker.drain(600_000);
  expect(told).toEqual(['the lease is closed']);
});
