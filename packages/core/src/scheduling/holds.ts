import { advance, type AdvancePorts, type Hold, type Take } from '../executor/advance.ts';
import type { RunRef } from '../tenant-scope.ts';

interface Held {
  readonly ref: RunRef;
  readonly hold: Hold;
  /** Its tenant is suspended: nothing new begins. */
  lettingGo: boolean;
}

/** The runs this worker holds, each carried by its own `advance`. */
export class Holds {
  readonly #held = new Map<string, Held>();
  readonly #drain = new AbortController();
  readonly #ports: AdvancePorts;
  #suspended: ReadonlySet<string> = new Set();

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
    // What is due is not claimed for a suspended tenant; what others have left is settled.
    const lettingGo = take.type === 'take-over' && this.#suspended.has(ref.tenant);
    if (lettingGo) hold.letGo('ended');
    this.#held.set(ref.run, { ref, hold, lettingGo });
    const over = (): void => void this.#held.delete(ref.run);
    // Before whoever waits for `done` hears of it.
    hold.done.then(over, over);
    return hold;
  }

  /** Somebody may have spoken to this run; says whether it is held here. */
  nudge(run: string, head?: number): boolean {
    const held = this.#held.get(run);
    held?.hold.nudge(head);
    return held !== undefined;
  }

  /** These tenants are suspended: calls of theirs that are under way end, then their runs are let go. */
  suspend(tenants: readonly string[]): void {
    this.#suspended = new Set(tenants);
    for (const held of this.#held.values()) {
      if (held.lettingGo || !this.#suspended.has(held.ref.tenant)) continue;
      held.lettingGo = true;
      held.hold.letGo('ended');
    }
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
