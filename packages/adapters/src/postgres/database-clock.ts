import type { Clock } from '@holdfast/core';

/** A correction of more than this is followed even backwards, ms: another server answers now. */
const STEP_MS = 1_000;

/** The database's time, carried on by this process's monotonic clock between two looks at it. Does not jitter back. */
export class DatabaseClock implements Clock {
  /** What to add to the monotonic clock. */
  #offset = Date.now() - performance.now();
  #last = 0;

  now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.monotonic() + this.#offset));
    return this.#last;
  }

  monotonic(): number {
    return performance.now();
  }

  /** `databaseNow` was read between the two monotonic times, ms. */
  set(databaseNow: number, sentAt: number, receivedAt: number): void {
    this.#offset = databaseNow - (sentAt + receivedAt) / 2;
    if (this.#last - (receivedAt + this.#offset) > STEP_MS) this.#last = 0;
  }
}
