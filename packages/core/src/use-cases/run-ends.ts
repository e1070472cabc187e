import type { Hint } from '../scheduling/hints.ts';
import type { RunRef } from '../tenant-scope.ts';
import { hasEnded } from '../log/run-store.ts';
import type { RunDirectory } from './run-directory.ts';
import { notFound } from './speak.ts';

interface Waiting {
  readonly ref: RunRef;
  readonly over: () => void;
}

/** Those in this process who wait for a run's end, and for nothing else of it: no event is read for them. */
export class RunEnds {
  readonly #directory: RunDirectory;
  readonly #waiting = new Map<string, Set<Waiting>>();

  constructor(directory: RunDirectory) {
    this.#directory = directory;
  }

  /** Runs whose end is waited for. */
  get open(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when the run has ended, `ms` have passed, `gone` is aborted, or this process stops.
   * @throws HoldfastError `run_not_found`.
   */
  async wait(ref: RunRef, ms: number, gone: AbortSignal): Promise<void> {
    const { promise, waiting } = this.#join(ref);
    const timer = setTimeout(waiting.over, ms);
    gone.addEventListener('abort', waiting.over, { once: true });
    try {
      // Once it is listened for: an end before this look is seen by it, one after it is told.
      const summary = await this.#directory.get(ref);
      if (summary === null) throw notFound(ref);
      if (!gone.aborted && !hasEnded(summary)) await promise;
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', waiting.over);
      this.#leave(waiting);
    }
  }

  told(hint: Hint): void {
    if (hint.about === 'everything') void this.sweep().catch(() => undefined);
    if ((hint.about === 'run' && hint.state === 'ended') || hint.about === 'deleted') this.#tell(hint.run);
  }

  /** Finds the ends of which no hint told. */
  async sweep(): Promise<void> {
    const refs = [...this.#waiting.values()].flatMap((all) => [...all].slice(0, 1).map(({ ref }) => ref));
    for (const ref of refs) {
      const summary = await this.#directory.get(ref);
      if (summary === null || hasEnded(summary)) this.#tell(ref.run);
    }
  }

  /** Lets everybody go. */
  close(): void {
    for (const run of this.#waiting.keys()) this.#tell(run);
  }

  #tell(run: string): void {
    for (const waiting of this.#waiting.get(run) ?? []) waiting.over();
  }

  #join(ref: RunRef): { promise: Promise<void>; waiting: Waiting } {
    let over = (): void => undefined;
    const promise = new Promise<void>((resolve) => {
      over = resolve;
    });
    const waiting = { ref, over };
    const others = this.#waiting.get(ref.run) ?? new Set();
    this.#waiting.set(ref.run, others.add(waiting));
    return { promise, waiting };
  }

  #leave(waiting: Waiting): void {
    const { run } = waiting.ref;
    const others = this.#waiting.get(run);
    others?.delete(waiting);
    if (others?.size === 0) this.#waiting.delete(run);
  }
}
