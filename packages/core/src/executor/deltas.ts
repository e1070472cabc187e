import type { ModelDelta } from '@holdfast/contracts';
import type { RunRef } from '../tenant-scope.ts';

/** Words of models as they come. They are not kept: whoever does not listen misses them, and the answer is an event. */
export interface Deltas {
  /** Must not throw. */
  publish(ref: RunRef, delta: ModelDelta): void;
  /** What is published from now on, in order. Returns the function that leaves. */
  subscribe(ref: RunRef, listen: (delta: ModelDelta) => void): () => void;
}

/** Reaches listeners in this process alone: a worker in a process of its own has none. */
export class LocalDeltas implements Deltas {
  readonly #listeners = new Map<string, Set<(delta: ModelDelta) => void>>();

  publish(ref: RunRef, delta: ModelDelta): void {
    for (const listen of this.#listeners.get(keyOf(ref)) ?? []) listen(delta);
  }

  subscribe(ref: RunRef, listen: (delta: ModelDelta) => void): () => void {
    const key = keyOf(ref);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    // Of its own, so that who subscribes the same function twice leaves once at a time.
    const own = (delta: ModelDelta): void => listen(delta);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }
}

const keyOf = ({ tenant, run }: RunRef): string => `${tenant}/${run}`;
