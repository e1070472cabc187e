import { expect, test } from 'vitest';
import type { Log } from '../executor/log.ts';
import type { RunRef } from '../tenant-scope.ts';
import { removeStrays, type StrayPorts } from './remove-strays.ts';

const HOUR = 3_600_000;
const uuid = (index: number): string => `019a0000-0000-7000-8000-${String(index).padStart(12, '0')}`;
const tenant = uuid(0);

/** A store with so many runs, each of which has one old file; the database knows none of them. */
function world(count: number, wait = 0) {
  const runs = Array.from({ length: count }, (_, index): RunRef => ({ tenant, run: uuid(index + 1) }));
  const removed: string[] = [];
  const warnings: object[] = [];
  let now = 1_000 * HOUR;
  const ports = {
    runs: { load: () => Promise.resolve(null) },
    artifacts: {
      async *runs() {
        await Promise.resolve();
        yield* runs;
      },
      files: ({ run }: RunRef) =>
        run === uuid(3)
          ? Promise.reject(new Error('the disk'))
          : Promise.resolve([{ name: 'a', digest: 'a', writtenAt: 0 }]),
      // Never the whole run, which may be about to be made.
      remove: ({ run }: RunRef) => Promise.resolve(removed.push(run)),
    },
    artifactRows: () => Promise.resolve([]),
    knowsTenant: () => Promise.resolve(true),
    clock: { now: () => now },
    log: { warn: (facts: object) => warnings.push(facts) } as unknown as Log,
  } as unknown as StrayPorts;
  return { step: removeStrays(ports, wait), removed, warnings, pass: (hours: number) => (now += hours * HOUR) };
}

test('a round goes in small steps, and is made once a day', async () => {
  const { step, removed, pass } = world(250);
  expect([await step(), await step(), await step(), await step()]).toEqual([100, 100, 50, 0]);
  expect(removed).toHaveLength(249);
  pass(22);
  expect(await step()).toBe(0);
  pass(2);
  expect(await step()).toBe(100);
});

test('a run whose files cannot be looked at is told of, and holds up nobody', async () => {
  const { step, removed, warnings } = world(5);
  expect(await step()).toBe(5);
  expect(removed).toEqual([uuid(1), uuid(2), uuid(4), uuid(5)]);
  expect(warnings).toMatchObject([{ tenant, run: uuid(3) }]);
});

test('the first round begins after the part of a day that it was told', async () => {
  const { step, pass } = world(5, 0.5);
  expect(await step()).toBe(0);
  pass(11);
  expect(await step()).toBe(0);
  pass(1);
  expect(await step()).toBe(5);
});

test.each([
  [23, false],
  [25, true],
  [95, true],
  [97, false],
])('the log of a run that is there is read for files that are %i hours old: %s', async (hours, read) => {
  const ref = { tenant, run: uuid(1) };
  const now = 1_000 * HOUR;
  const removed: string[] = [];
  let reads = 0;
  const ports = {
    runs: {
      load: () => Promise.resolve({ head: 0 }),
      eventsAfter: () => Promise.resolve(((reads += 1), [])),
    },
    artifacts: {
      async *runs() {
        await Promise.resolve();
        yield ref;
      },
      files: () => Promise.resolve([{ name: 'a', digest: 'a', writtenAt: now - hours * HOUR }]),
      remove: (_: RunRef, { name }: { name: string }) => Promise.resolve(removed.push(name)),
    },
    artifactRows: () => Promise.resolve([]),
    clock: { now: () => now },
  } as unknown as StrayPorts;
  expect(await removeStrays(ports, 0)()).toBe(1);
  expect([reads, removed]).toEqual(read ? [1, ['a']] : [0, []]);
});
