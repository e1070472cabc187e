import { advance, type AdvancePorts, type Hold, type Take } from '../executor/advance.ts';
import type { RunRef } from '../tenant-scope.ts';

interface Held {
  readonly ref: RunRef;
  readonly hold: Hold;
}

/** The runs this worker holds, each carried by its own `advance`. */
export class Holds {
  readonly #held = new Map<string, Held>();
  readonly #drain = new AbortController();
  readonly #ports: AdvancePorts;

  constructor(ports: AdvancePorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#held.size;
  }

  get draining(): boolean {
    return this.#drain.signal.aborted;
  }

  /** Carries the run; null = it is held here already. */
  carry(ref: RunRef, take: Take): Hold | null {
    if (this.#held.has(ref.run)) return null;
    const hold = advance(this.#ports, ref, take, this.#drain.signal);
    this.#held.set(ref.run, { ref, hold });
    const over = (): void => void this.#held.delete(ref.run);
    // Before whoever waits for `done` hears of it.
    hold.done.then(over, over);
    return hold;
  }

  refs(): readonly RunRef[] {
    return [...this.#held.values()].map(({ ref }) => ref);
  }

  /** Somebody may have spoken to this run; says whether it is held here. */
  nudge(run: string, head?: number): boolean {
    const held = this.#held.get(run);
    held?.hold.nudge(head);
    return held !== undefined;
  }

  heads(): (RunRef & { head: number })[] {
    return [...this.#held.values()].map(({ ref, hold }) => ({ ...ref, head: hold.state()?.head ?? 0 }));
  }

  /** Nothing new begins; resolves when every run was let go. */
  async drain(): Promise<void> {
    this.#drain.abort();
    for (const { hold } of this.#held.values()) hold.nudge();
    await Promise.allSettled([...this.#held.values()].map(({ hold }) => hold.done));
  }
}
