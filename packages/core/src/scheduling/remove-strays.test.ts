import { expect, test } from 'vitest';
import type { Log } from '../executor/log.ts';
import type { RunRef } from '../tenant-scope.ts';
import { removeStrays, type StrayPorts } from './remove-strays.ts';

const HOUR = 3_600_000;
const uuid = (index: number): string => `019a0000-0000-7000-8000-${String(index).padStart(12, '0')}`;
const tenant = uuid(0);

/** A store with so many runs, each of which has one old file; the database knows none of them. */
function world(count: number) {
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
      removeRun: ({ run }: RunRef) => Promise.resolve(removed.push(run)),
    },
    artifactRows: () => Promise.resolve([]),
    hasTenant: () => Promise.resolve(true),
    clock: { now: () => now },
    log: { warn: (facts: object) => warnings.push(facts) } as unknown as Log,
  } as unknown as StrayPorts;
  return { step: removeStrays(ports), removed, warnings, pass: (hours: number) => (now += hours * HOUR) };
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
