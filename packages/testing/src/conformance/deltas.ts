import { randomUUID } from 'node:crypto';
import type { ModelDelta } from '@holdfast/contracts';
import type { Deltas, RunRef } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Processes that hear each other; those of one process are the same object. */
export interface OpenedDeltas {
  readonly processes: readonly [Deltas, Deltas];
  close(): Promise<void>;
}

const newRun = (): RunRef => ({ tenant: randomUUID(), run: randomUUID() });

const piece = ({ run }: RunRef, position: number, text = 'x'): ModelDelta => ({
  run_id: run,
  call: 'm1',
  attempt: 1,
  seq: 3,
  position,
  text,
});

/** Words of models, to whoever listens. */
export function describeDeltas(name: string, open: () => Promise<OpenedDeltas>): void {
  describe(`deltas: ${name}`, () => {
    let opened: OpenedDeltas;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    /** Listens, and resolves once what the speaker says is heard; `heard` then holds what comes from now on. */
    async function listening(listener: Deltas, speaker: Deltas, ref: RunRef) {
      const heard: ModelDelta[] = [];
      const leave = listener.subscribe(ref, (delta) => void heard.push(delta));
      const last = randomUUID();
      await expect
        .poll(() => (heard.length === 0 && speaker.publish(ref, piece(ref, 0, 'first')), heard.length))
        .toBeGreaterThan(0);
      // Of the same speaker, so it comes after all of those.
      speaker.publish(ref, piece(ref, 0, last));
      await expect.poll(() => heard.at(-1)?.text).toBe(last);
      heard.length = 0;
      return { heard, leave };
    }

    test('reach all listeners of their run, in every process, once, whole and in order', async () => {
      const ref = newRun();
      const [here, there] = opened.processes;
      const listeners = [await listening(here, here, ref), await listening(there, here, ref)];
      listeners.push(await listening(there, here, ref));
      for (const { heard } of listeners) heard.length = 0;
      const said = Array.from({ length: 300 }, (_, index) => piece(ref, index, `${index}, "ä" 🦊\n\u2028`));
      for (const delta of said) here.publish(ref, delta);
      for (const { heard } of listeners) await expect.poll(() => heard.length).toBeGreaterThanOrEqual(said.length);
      // What came back to where it was said would have come before this.
      const last = piece(ref, said.length, 'last');
      there.publish(ref, last);
      for (const { heard } of listeners) {
        await expect.poll(() => heard.at(-1)).toEqual(last);
        expect(heard).toEqual([...said, last]);
      }
    });

    test('of other runs and tenants are not heard', async () => {
      const [ref, other] = [newRun(), newRun()];
      const [here, there] = opened.processes;
      const mine = await listening(there, here, ref);
      const theirs = await listening(there, here, other);
      const namesake = { tenant: randomUUID(), run: ref.run };
      here.publish(other, piece(other, 1));
      here.publish(namesake, piece(namesake, 2));
      here.publish(ref, piece(ref, 3));
      await expect.poll(() => mine.heard.length).toBeGreaterThan(0);
      await expect.poll(() => theirs.heard.length).toBeGreaterThan(0);
      expect(mine.heard).toEqual([piece(ref, 3)]);
      expect(theirs.heard).toEqual([piece(other, 1)]);
    });

    test('are not heard by who has left, which disturbs nobody else', async () => {
      const ref = newRun();
      const [here, there] = opened.processes;
      const gone = await listening(there, here, ref);
      const stays = await listening(there, here, ref);
      gone.heard.length = 0;
      gone.leave();
      gone.leave();
      here.publish(ref, piece(ref, 7));
      await expect.poll(() => stays.heard.length).toBe(1);
      expect(gone.heard).toEqual([]);
      stays.leave();
      const back = await listening(there, here, ref);
      here.publish(ref, piece(ref, 8));
      await expect.poll(() => back.heard.length).toBe(1);
      expect(stays.heard).toHaveLength(1);
    });
  });
}
