import { DatabaseUnavailable } from '@holdfast/core';
import pg from 'pg';
import { Hosts } from './hosts.ts';
import { processOf, sqlOf, types } from './pool.ts';
import { checkWritable } from './server-check.ts';
import type { Target } from './target.ts';
import { asUnavailable, DatabaseReadOnly } from './unavailable.ts';

const CONNECT_LIMIT_MS = 5_000;
/** A statement that takes longer ends the session, ms. */
const QUERY_LIMIT_MS = 5_000;
const LONGEST_PAUSE_MS = 1_000;

/** One life of the session, from a connection to its loss. */
export interface LiveSession {
  /** Monotonic, ms. */
  readonly since: number;
  /** False behind a pooler: another server process answers than the one that shook hands, so locks and LISTEN lie. */
  readonly direct: boolean;
  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Work that belongs to a session. */
export interface SessionPart {
  /** After each connect, before anybody else uses the session. Throwing ends this life. */
  connected?(session: LiveSession): Promise<void>;
  lost?(): void;
  notified?(channel: string, payload: string): void;
}

/** The one session of this process that does not go through a pooler; it comes back by itself after a loss. */
export class DirectSession {
  readonly #target: Target;
  readonly #hosts: Hosts;
  readonly #applicationName: string;
  readonly #parts = new Set<SessionPart>();
  #client: pg.Client | null = null;
  #live: LiveSession | null = null;
  #closed = false;
  #pauseMs = 0;
  #retry: NodeJS.Timeout | null = null;

  constructor(target: Target, applicationName: string) {
    this.#target = target;
    this.#hosts = new Hosts(target);
    this.#applicationName = applicationName;
  }

  /** null while the connection is lost. */
  get live(): LiveSession | null {
    return this.#live;
  }

  /** The first connect; later ones happen by themselves. Throws `DatabaseUnavailable`. */
  async open(): Promise<LiveSession> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#connect();
        break;
      } catch (error) {
        if (tries >= this.#hosts.count) throw error;
      }
    }
    if (this.#live === null) throw new DatabaseUnavailable('The direct session was lost at once.');
    return this.#live;
  }

  /** Adds work to this life and all later ones. */
  async join(part: SessionPart): Promise<void> {
    this.#parts.add(part);
    if (this.#live !== null) await part.connected?.(this.#live);
  }

  leave(part: SessionPart): void {
    this.#parts.delete(part);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = null;
    this.#live = null;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    const { choice } = this.#hosts;
    const client = new pg.Client({
      ...choice.host,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      application_name: this.#applicationName,
      keepAlive: true,
      types,
    });
    let ended = false;
    const lose = (): void => {
      if (ended) return;
      ended = true;
      void client.end().catch(() => undefined);
      this.#lose(client);
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ channel, payload }) => {
      for (const part of this.#parts) part.notified?.(channel, payload ?? '');
    });
    this.#client = client;
    try {
      await client.connect();
      const live = await this.#begin(client, lose);
      if (this.#target.readWrite) await checkWritable(live);
      for (const part of this.#parts) await part.connected?.(live);
      if (ended || this.#closed) throw new DatabaseUnavailable('The direct session was lost.');
      this.#live = live;
      this.#pauseMs = 0;
    } catch (error) {
      this.#hosts.leave(choice);
      lose();
      throw asUnavailable(error);
    }
  }

  async #begin(client: pg.Client, lose: () => void): Promise<LiveSession> {
    const sql = sqlOf(client, false);
    const query = async <Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]> => {
      // Losing the session with a statement under way destroys its socket.
      const timer = setTimeout(lose, QUERY_LIMIT_MS);
      try {
        return await sql.query<Row>(text, values);
      } catch (error) {
        const known = asUnavailable(error);
        // It is of no use for a lease; the next life is on another host, or on this one when it takes writes again.
        if (known instanceof DatabaseReadOnly) lose();
        throw known;
      } finally {
        clearTimeout(timer);
      }
    };
    const [row] = await query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
    return { since: performance.now(), direct: row?.pid === processOf(client), query };
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    const wasLive = this.#live !== null;
    this.#live = null;
    if (wasLive) for (const part of this.#parts) part.lost?.();
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#connect().catch(() => undefined);
    }, this.#pauseMs);
    this.#retry.unref();
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2 + 20);
  }
}
