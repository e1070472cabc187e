import { isTerminal } from '@holdfast/contracts';
import type { Child } from '../load/child.ts';
import type { Arrival } from '../load/events.ts';

const GIVE_UP_MS = 10_000;

interface Killed {
  /** ms since 1970 */
  readonly at: number;
  /** Runs that have not gone on. */
  readonly left: Set<string>;
  readonly over: () => void;
}

/** Who holds which run, as its events say. */
export class Watch {
  /** Of each run that went on, from the kill to the event's own time, and to its arrival. */
  readonly written: number[] = [];
  readonly seen: number[] = [];
  readonly #holders = new Map<string, string>();
  #killed: Killed | null = null;

  hear({ run, type, data, at, arrived }: Arrival): void {
    if (type === 'run.claimed' || type === 'run.taken_over') this.#holders.set(run, String(data['worker']));
    if (isTerminal(type)) this.#holders.delete(run);
    const killed = this.#killed;
    if (killed === null) return;
    if (type === 'run.taken_over' && killed.left.has(run)) {
      this.written.push(at - killed.at);
      this.seen.push(arrived - killed.at);
    }
    // One whose last event was under way ended in time.
    if (type === 'run.taken_over' || isTerminal(type)) killed.left.delete(run);
    if (killed.left.size === 0) killed.over();
  }

  heldBy(worker: Child): readonly string[] {
    return [...this.#holders].filter(([, holder]) => holder === worker.ready['worker']).map(([run]) => run);
  }

  busiest(workers: readonly Child[]): Child {
    const [most] = workers.toSorted((left, right) => this.heldBy(right).length - this.heldBy(left).length);
    if (most === undefined) throw new Error('there is no worker');
    return most;
  }

  /** Kills it, and resolves when each of its runs has gone on. @throws Error when one has not within 10 s. */
  async survive(worker: Child): Promise<void> {
    const left = new Set(this.heldBy(worker));
    if (left.size === 0) throw new Error('the worker that would be killed holds no run');
    await new Promise<void>((over, failed) => {
      this.#killed = { at: performance.timeOrigin + performance.now(), left, over };
      const late = (): void => failed(new Error(`${left.size} runs did not go on within ${GIVE_UP_MS} ms`));
      setTimeout(late, GIVE_UP_MS).unref();
      worker.kill().catch(failed);
    });
    this.#killed = null;
  }
}
