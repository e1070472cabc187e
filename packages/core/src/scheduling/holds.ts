import { advance, type AdvancePorts, type Hold, type Take } from '../executor/advance.ts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';

interface Held {
  readonly ref: RunRef;
  readonly hold: Hold;
}

/** Pause before a run whose `advance` failed is taken again, ms. */
const AFTER_ERROR_MS = 1_000;

/** The runs this worker holds, each carried by its own `advance`. */
export class Holds {
  readonly #held = new Map<string, Held>();
  readonly #drain = new AbortController();
  readonly #ports: AdvancePorts;
  readonly #limit: number;
  /** Called when a run was let go: another may begin; unless it has ended, the same may be due. */
  readonly #freed: (ended: boolean) => void;

  constructor(ports: AdvancePorts, limit: number, freed: (ended: boolean) => void) {
    this.#ports = ports;
    this.#limit = limit;
    this.#freed = freed;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Runs that may still be taken. */
  get room(): number {
    return this.#drain.signal.aborted ? 0 : Math.max(0, this.#limit - this.#held.size);
  }

  /** Does nothing when the run is held already or there is no room. */
  take(ref: RunRef, take: Take): void {
    if (this.#held.has(ref.run) || this.room === 0) return;
    const hold = advance(this.#ports, ref, take, this.#drain.signal);
    this.#held.set(ref.run, { ref, hold });
    hold.done.then(
      () => this.#let(ref),
      (error: unknown) => {
        this.#let(ref);
        this.#failed(ref, error);
      },
    );
  }

  /** Somebody may have spoken to this run; says whether it is held here. */
  nudge(run: string, head?: number): boolean {
    const held = this.#held.get(run);
    held?.hold.nudge(head);
    return held !== undefined;
  }

  heads(): (RunRef & { head: number })[] {
    return [...this.#held.values()].map(({ ref, hold }) => ({ ...ref, head: hold.head() }));
  }

  /** Nothing new begins; resolves when every run was let go. */
  async drain(): Promise<void> {
    this.#drain.abort();
    for (const { hold } of this.#held.values()) hold.nudge();
    await Promise.allSettled([...this.#held.values()].map(({ hold }) => hold.done));
  }

  #let(ref: RunRef): void {
    const ended = this.#held.get(ref.run)?.hold.ended() ?? false;
    this.#held.delete(ref.run);
    this.#freed(ended);
  }

  /** The database still names this worker as the holder, so nobody else will take the run. */
  #failed(ref: RunRef, error: unknown): void {
    const level = error instanceof DatabaseUnavailable ? 'warn' : 'error';
    this.#ports.log[level]({ run_id: ref.run, err: error }, 'the run was given up; it is taken again');
    const from = this.#ports.lease.worker;
    const leaseUntil = this.#ports.clock.now();
    const again = (): void => {
      if (this.#drain.signal.aborted) return;
      if (this.room === 0) setTimeout(again, AFTER_ERROR_MS).unref();
      else this.take(ref, { type: 'take-over', from, why: 'abandoned', leaseUntil });
    };
    setTimeout(again, AFTER_ERROR_MS).unref();
  }
}
