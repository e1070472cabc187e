import { randomBytes } from 'node:crypto';
import { type Hint, type Hints, hintText, ProcessHints, readHint } from '@holdfast/core';
import type { DirectSession, LiveSession, SessionPart } from './direct-session.ts';
import { arrayLiteral } from './array-literal.ts';
import type { Connections, Statement } from './sql.ts';

/** NOTIFY takes a transaction id, so its commit would wait for the disk. */
const noSync: Statement = { text: "select pg_catalog.set_config('synchronous_commit', 'off', true)" };
const notifySql = 'select pg_catalog.pg_notify($1, p) from pg_catalog.unnest($2::text[]) as p';

/** A NOTIFY holds less than 8,000 bytes. */
const LONGEST_PAYLOAD = 7_000;
const CHANNEL = 'holdfast_runs';
/**
 * Between two messages, ms: what comes in between goes out together. At 4 ms a subscriber of another process saw events
 * one ms later at the median, and neither throughput nor the server's CPU was better (bench/src/delivery.ts, versus.ts).
 */
const PAUSE_MS = 2;

/** For tests and repairs: nobody hears anything, and all must still end by sweeps. */
export class NoHints implements Hints {
  publish(): void {}

  subscribe(): () => void {
    return () => undefined;
  }
}

/** Each process that listens holds this lock, shared, for as long as its session lives. */
const LISTENERS = 7_165_324_890_158;
const listenersSql = `
  select pg_catalog.count(*)::integer as listeners from pg_catalog.pg_locks
  where locktype = 'advisory' and objsubid = 1 and classid = ${Math.floor(LISTENERS / 2 ** 32)} and objid = ${LISTENERS % 2 ** 32}
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`;
/** How often it is looked who listens, ms. */
const LOOK_MS = 1_000;

/**
 * Hints between processes by LISTEN and NOTIFY. NOTIFY takes a global lock at commit, so it is never part of an
 * append's transaction: what gathers while one is under way goes out with the next. While nobody else listens nothing
 * is sent.
 */
export class PostgresHints extends ProcessHints implements SessionPart {
  readonly #connections: Connections;
  readonly #me = randomBytes(4).toString('hex');
  #gathered = new Map<string, string>();
  #sending: Promise<void> | null = null;
  #alone = false;
  /** How often others were heard: a look that was under way meanwhile may have missed one. */
  #heard = 0;

  constructor(connections: Connections) {
    super();
    this.#connections = connections;
  }

  /** Listens for the life of the session and after each reconnect. */
  async listen(session: DirectSession): Promise<void> {
    await session.join(this);
  }

  async connected(session: LiveSession): Promise<void> {
    await session.query(`listen ${CHANNEL}`);
    // Behind a pooler no session of this process holds a lock.
    if (session.direct) {
      await session.query(`select pg_catalog.pg_advisory_lock_shared(${LISTENERS})`);
      // Whoever was alone hears of this process at once.
      await session.query(`notify ${CHANNEL}, '${this.#me}'`);
      this.#look(session);
    }
    // What was said meanwhile is lost.
    this.tell({ about: 'everything' });
  }

  lost(): void {
    this.#alone = false;
  }

  /** Again and again, as long as the session lives. */
  #look(session: LiveSession): void {
    setTimeout(() => {
      const heard = this.#heard;
      session.query<{ listeners: number }>(listenersSql).then(
        ([row]) => {
          this.#alone = row?.listeners === 1 && heard === this.#heard;
          this.#look(session);
        },
        () => undefined,
      );
    }, LOOK_MS).unref();
  }

  notified(channel: string, payload: string): void {
    const [from, ...texts] = payload.split(',');
    if (channel !== CHANNEL || from === this.#me) return;
    this.#alone = false;
    this.#heard += 1;
    for (const text of texts) this.tell(readHint(text));
  }

  override publish(hints: readonly Hint[]): void {
    super.publish(hints);
    if (this.#alone) return;
    // Of a run, the newest.
    for (const hint of hints) this.#gathered.set('run' in hint ? hint.run : hint.about, hintText(hint));
    this.#sending ??= this.#send();
  }

  /** Resolves when what was published has been sent or given up. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    await Promise.resolve();
    while (this.#gathered.size > 0) {
      const texts = [...this.#gathered.values()];
      this.#gathered = new Map();
      const values = [CHANNEL, arrayLiteral(this.#payloads(texts))];
      try {
        await this.#connections.lend((sql) => sql.pipeline([noSync, { text: notifySql, values }]));
      } catch {
        // A hint may be lost: whoever listens also sweeps.
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#sending = null;
  }

  #payloads(texts: readonly string[]): string[] {
    const payloads: string[] = [];
    let current = this.#me;
    for (const text of texts) {
      if (current.length + 1 + text.length > LONGEST_PAYLOAD) {
        payloads.push(current);
        current = this.#me;
      }
      current += `,${text}`;
    }
    return [...payloads, current];
  }
}
