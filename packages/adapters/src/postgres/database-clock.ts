import type { Clock } from '@holdfast/core';

/** A correction of more than this is followed even backwards, ms: another server answers now. */
const STEP_MS = 1_000;

/**
 * The database's time, carried on by this process's monotonic clock between two looks at it. It is never ahead of the
 * database, so that what is due by it is due there; it lags by a round trip at most, and does not jitter back.
 */
export class DatabaseClock implements Clock {
  /** What to add to the monotonic clock. */
  #offset: number | null = null;
  #last = 0;

  now(): number {
    const now = this.#offset === null ? Date.now() : Math.floor(this.monotonic() + this.#offset);
    this.#last = Math.max(this.#last, now);
    return this.#last;
  }

  monotonic(): number {
    return performance.now();
  }

  /** `databaseNow`, in whole ms, was read between the two monotonic times. */
  set(databaseNow: number, sentAt: number, receivedAt: number): void {
    const [least, most] = [databaseNow - receivedAt, databaseNow + 1 - sentAt];
    // Any offset between the two is possible; a slow answer alone changes nothing.
    if (this.#offset === null || this.#offset < least || this.#offset > most) this.#offset = least;
    if (this.#last - (receivedAt + this.#offset) > STEP_MS) this.#last = 0;
  }
}

/** Where the database is in this process, its time is the process's own. */
export class ProcessClock implements Clock {
  #last = 0;

  now(): number {
    const now = Date.now();
    if (this.#last - now > STEP_MS) this.#last = 0;
    this.#last = Math.max(this.#last, now);
    return this.#last;
  }

  monotonic(): number {
    return performance.now();
  }
}
