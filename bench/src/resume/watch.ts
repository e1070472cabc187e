import type { Child } from '../load/child.ts';
import type { Arrival } from '../load/events.ts';

const GIVE_UP_MS = 10_000;

/** Who holds which run, as its events say. */
export class Watch {
  /** Of each run that went on, from the kill to the event's own time, and to its arrival. */
  readonly written: number[] = [];
  readonly seen: number[] = [];
  readonly #holders = new Map<string, string>();
  #dead: { readonly worker: string; readonly at: number; left: number; readonly over: () => void } | null = null;

  hear({ run, type, data, at, arrived }: Arrival): void {
    if (type !== 'run.claimed' && type !== 'run.taken_over') return;
    const dead = this.#dead;
    const from = this.#holders.get(run);
    this.#holders.set(run, String(data['worker']));
    if (dead === null || from !== dead.worker) return;
    this.written.push(at - dead.at);
    this.seen.push(arrived - dead.at);
    dead.left -= 1;
    if (dead.left === 0) dead.over();
  }

  heldBy(worker: Child): readonly string[] {
    return [...this.#holders].filter(([, holder]) => holder === worker.ready['worker']).map(([run]) => run);
  }

  /** Kills it, and resolves when each of its runs has gone on. @throws Error when one has not within 10 s. */
  async survive(worker: Child): Promise<void> {
    const left = this.heldBy(worker).length;
    if (left === 0) throw new Error('the worker that would be killed holds no run');
    await new Promise<void>((over, failed) => {
      this.#dead = { worker: worker.ready['worker'] ?? '', at: performance.timeOrigin + performance.now(), left, over };
      setTimeout(() => failed(new Error(`a run did not go on within ${GIVE_UP_MS} ms`)), GIVE_UP_MS).unref();
      worker.kill().catch(failed);
    });
  }
}
