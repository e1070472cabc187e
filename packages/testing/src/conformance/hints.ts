import { randomUUID } from 'node:crypto';
import type { Hints, RunRef } from '@holdfast/core';
import { afterEach, describe, expect, test } from 'vitest';

/** Processes that hear each other; those of one process are the same object. */
export interface OpenedHints {
  readonly processes: readonly Hints[];
  close(): Promise<void>;
}

const refs = (count: number): RunRef[] =>
  Array.from({ length: count }, () => ({ tenant: randomUUID(), run: randomUUID() }));

/** "Look at these runs", to whoever listens. */
export function describeHints(name: string, open: () => Promise<OpenedHints>): void {
  describe(`hints: ${name}`, () => {
    let opened: OpenedHints | undefined;
    afterEach(() => opened?.close());

    test('every listener of every process hears of every run', async () => {
      opened = await open();
      const heard = opened.processes.map((hints) => {
        const runs = new Set<string>();
        hints.subscribe((run) => runs.add(run));
        return runs;
      });
      // More than one message holds.
      const runs = refs(500);
      opened.processes[0]?.publish(runs);
      const single = refs(1);
      opened.processes[0]?.publish(single);
      for (const set of heard) {
        await expect
          .poll(() => [...runs, ...single].filter(({ run }) => !set.has(run)).length, { timeout: 5_000 })
          .toBe(0);
      }
    });

    test('a listener that left hears nothing more', async () => {
      opened = await open();
      const [here] = opened.processes;
      if (here === undefined) throw new Error('no process');
      const [gone, stays]: [string[], string[]] = [[], []];
      const leave = here.subscribe((run) => gone.push(run));
      here.subscribe((run) => stays.push(run));
      leave();
      here.publish(refs(1));
      await expect.poll(() => stays.length).toBeGreaterThan(0);
      expect(gone).toEqual([]);
    });
  });
}
