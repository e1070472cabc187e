import { randomBytes } from 'node:crypto';
import type { Hints, RunRef } from '@holdfast/core';
import type { DirectSession, SessionPart } from './direct-session.ts';
import type { Connections } from './sql.ts';

type Listener = (run: string) => void;

/** A NOTIFY holds less than 8,000 bytes. */
const LONGEST_PAYLOAD = 7_000;
const CHANNEL = 'holdfast_runs';

/** Hints within this process: all there is with PGlite. */
export class ProcessHints implements Hints {
  readonly #listeners = new Set<Listener>();

  publish(runs: readonly RunRef[]): void {
    for (const { run } of runs) this.tell(run);
  }

  subscribe(listener: Listener): () => void {
    // The same function may listen twice.
    const own: Listener = (run) => listener(run);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Not at once: whoever publishes goes on undisturbed by what listeners do. */
  protected tell(run: string): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(run));
  }
}

/** For tests and repairs: nobody hears anything, and all must still end by sweeps. */
export class NoHints implements Hints {
  publish(): void {}

  subscribe(): () => void {
    return () => undefined;
  }
}

/**
 * Hints between processes by LISTEN and NOTIFY. NOTIFY takes a global lock at commit, so it is never part of an
 * append's transaction: what gathers while one is under way goes out with the next.
 */
export class PostgresHints extends ProcessHints implements SessionPart {
  readonly #connections: Connections;
  readonly #me = randomBytes(4).toString('hex');
  #gathered = new Set<string>();
  #sending: Promise<void> | null = null;

  constructor(connections: Connections) {
    super();
    this.#connections = connections;
  }

  /** Listens for the life of the session and after each reconnect. */
  async listen(session: DirectSession): Promise<void> {
    await session.join(this);
  }

  async connected(session: { query(text: string): Promise<unknown> }): Promise<void> {
    await session.query(`listen ${CHANNEL}`);
    // What was said meanwhile is lost.
    this.tell('*');
  }

  notified(channel: string, payload: string): void {
    const [from, ...runs] = payload.split(',');
    if (channel !== CHANNEL || from === this.#me) return;
    for (const run of runs) this.tell(run);
  }

  override publish(runs: readonly RunRef[]): void {
    super.publish(runs);
    for (const { run } of runs) this.#gathered.add(run);
    this.#sending ??= this.#send();
  }

  /** Resolves when what was published has been sent or given up. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    await Promise.resolve();
    while (this.#gathered.size > 0) {
      const runs = [...this.#gathered];
      this.#gathered = new Set();
      try {
        await this.#connections.lend((sql) =>
          sql.query('select pg_catalog.pg_notify($1, p) from pg_catalog.unnest($2::text[]) as p', [
            CHANNEL,
            this.#payloads(runs),
          ]),
        );
      } catch {
        // A hint may be lost: whoever listens also sweeps.
      }
    }
    this.#sending = null;
  }

  #payloads(runs: readonly string[]): string[] {
    const payloads: string[] = [];
    let current = this.#me;
    for (const run of runs) {
      if (current.length + 1 + run.length > LONGEST_PAYLOAD) {
        payloads.push(current);
        current = this.#me;
      }
      current += `,${run}`;
    }
    return [...payloads, current];
  }
}
