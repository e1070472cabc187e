import type { RunStore } from '../log/run-store.ts';
import type { Hints } from '../scheduling/hints.ts';
import type { RunRef } from '../tenant-scope.ts';
import { hasEnded } from '../log/run-store.ts';
import type { RunDirectory } from './run-directory.ts';
import { RunEnds } from './run-ends.ts';
import { type Encode, type Listener, RunReader } from './run-reader.ts';
import { notFound } from './speak.ts';

export interface FollowPorts {
  readonly directory: RunDirectory;
  readonly runs: RunStore;
  readonly hints: Hints;
}

export type Followed =
  | { readonly type: 'following'; readonly leave: () => void }
  /** The cursor stands at or after the end. */
  | { readonly type: 'nothing-left' };

/**
 * Live streams of this process: one reader per run, whoever listens. Hints wake the readers; `sweep` finds what
 * hints lost, so it must be called every 15 s.
 */
export class EventStreams {
  readonly #ports: FollowPorts;
  readonly #encode: Encode;
  readonly #readers = new Map<string, RunReader>();
  readonly #unsubscribe: () => void;
  /** For those who wait for the end alone. */
  readonly ends: RunEnds;
  #closed = false;

  constructor(ports: FollowPorts, encode: Encode) {
    this.#ports = ports;
    this.#encode = encode;
    this.ends = new RunEnds(ports.directory);
    this.#unsubscribe = ports.hints.subscribe((hint) => {
      this.ends.told(hint);
      if (hint.about === 'everything') for (const reader of this.#readers.values()) reader.wake();
      if (hint.about === 'deleted') this.#readers.get(hint.run)?.endAll('deleted');
      if (hint.about !== 'run') return;
      const reader = this.#readers.get(hint.run);
      if (reader !== undefined && hint.head > reader.position) reader.wake();
    });
  }

  /** Runs that somebody listens to. */
  get open(): number {
    return this.#readers.size;
  }

  /**
   * Everything after `after`, then what comes, until the run's end. `listen` is asked for the listener once it is
   * known that there is something to follow; it is told when the log has fewer events than the cursor says, and
   * then gets the whole log. @throws HoldfastError `run_not_found`.
   */
  async follow(ref: RunRef, after: number, listen: (head: number, reset: boolean) => Listener): Promise<Followed> {
    const summary = await this.#ports.directory.get(ref);
    if (summary === null) throw notFound(ref);
    const reset = after > summary.head;
    const cursor = reset ? 0 : after;
    if (hasEnded(summary) && cursor >= summary.head) return { type: 'nothing-left' };
    const listener = listen(summary.head, reset);
    if (this.#closed) {
      listener.end('closing');
      return { type: 'following', leave: () => undefined };
    }
    const reader = this.#readers.get(ref.run) ?? new RunReader(ref, cursor, this.#ports.runs, this.#encode);
    this.#readers.set(ref.run, reader);
    const leave = reader.subscribe(
      {
        send: (frame) => listener.send(frame),
        pending: () => listener.pending(),
        drained: () => listener.drained(),
        end: (reason) => {
          this.#forget(reader);
          listener.end(reason);
        },
      },
      cursor,
      hasEnded(summary) ? summary.head : null,
    );
    return {
      type: 'following',
      leave: () => {
        leave();
        this.#forget(reader);
      },
    };
  }

  /** Heads of all runs that are followed, in one query. */
  async sweep(): Promise<void> {
    await this.ends.sweep();
    if (this.#readers.size === 0) return;
    const readers = [...this.#readers.values()];
    const heads = await this.#ports.directory.heads(readers.map((reader) => reader.ref));
    const headOf = new Map(heads.map(({ run, head }) => [run, head]));
    for (const reader of readers) {
      const head = headOf.get(reader.ref.run);
      if (head === undefined) reader.endAll('deleted');
      else if (head > reader.position) reader.wake();
    }
  }

  /** Ends every stream; clients resume elsewhere. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.ends.close();
    for (const reader of this.#readers.values()) reader.endAll('closing');
  }

  #forget(reader: RunReader): void {
    if (reader.idle && this.#readers.get(reader.ref.run) === reader) this.#readers.delete(reader.ref.run);
  }
}
