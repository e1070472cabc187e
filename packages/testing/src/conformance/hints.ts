import { randomUUID } from 'node:crypto';
import type { Hint, Hints } from '@holdfast/core';
import { afterEach, describe, expect, test } from 'vitest';

/** Processes that hear each other; those of one process are the same object. */
export interface OpenedHints {
  readonly processes: readonly Hints[];
  close(): Promise<void>;
}

type RunHint = Extract<Hint, { about: 'run' }>;

const hintsOf = (count: number): RunHint[] =>
  Array.from({ length: count }, (_, index) => ({
    about: 'run',
    run: randomUUID(),
    head: index + 1,
    state: (['held', 'free', 'ended'] as const)[index % 3] ?? 'free',
  }));

/** What has changed, to whoever listens. */
export function describeHints(name: string, open: () => Promise<OpenedHints>): void {
  describe(`hints: ${name}`, () => {
    let opened: OpenedHints | undefined;
    afterEach(() => opened?.close());

    test('every listener of every process hears of every run, its head and its end', async () => {
      opened = await open();
      const heard = opened.processes.map((hints) => {
        const texts = new Set<string>();
        hints.subscribe((hint) => texts.add(JSON.stringify(hint)));
        return texts;
      });
      // More than one message holds.
      const runs = hintsOf(500);
      opened.processes[0]?.publish(runs);
      const others: Hint[] = [...hintsOf(1), { about: 'outbox' }, { about: 'deleted', run: randomUUID() }];
      opened.processes[0]?.publish(others);
      for (const set of heard) {
        await expect
          .poll(() => [...runs, ...others].filter((hint) => !set.has(JSON.stringify(hint))).length, { timeout: 5_000 })
          .toBe(0);
      }
    });

    test('a listener that left hears nothing more', async () => {
      opened = await open();
      const [here] = opened.processes;
      if (here === undefined) throw new Error('no process');
      const [gone, stays]: [Hint[], Hint[]] = [[], []];
      const leave = here.subscribe((hint) => gone.push(hint));
      here.subscribe((hint) => stays.push(hint));
      leave();
      here.publish(hintsOf(1));
      await expect.poll(() => stays.length).toBeGreaterThan(0);
      expect(gone).toEqual([]);
    });
  });
}
