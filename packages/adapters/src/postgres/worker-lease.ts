import { createHash } from 'node:crypto';
import { EVENT_FORMAT } from '@holdfast/contracts';
import type { DeadWorker, DriverName, RunHolder, RunRef, WorkerLease, WorkersProblem } from '@holdfast/core';
import type { DatabaseClock } from './database-clock.ts';
import type { DirectSession, LiveSession, SessionPart } from './direct-session.ts';
import type { Connections } from './sql.ts';

export const LEASE_MS = 5_000;
const RENEW_MS = 1_000;
/** Pause before the key is tried again: the server may not yet have noticed that the old session is gone. */
const KEY_RETRY_MS = 100;

export interface DeadRow {
  readonly worker: string;
  readonly why: 'gone' | 'lease-expired' | 'session-lost';
  readonly lease_until: number;
  readonly tenants: readonly string[];
  readonly runs: readonly string[];
}

/** The lease on the direct session: while the session lives, the key is held and the lease is renewed, so does the worker. */
export class PostgresWorkerLease implements WorkerLease, SessionPart {
  readonly worker: string;
  readonly #driver: DriverName;
  readonly #session: DirectSession;
  readonly #connections: Connections;
  readonly #clock: DatabaseClock;
  readonly #key: string;
  readonly #installation: string | null;
  /** Monotonic, ms; 0 = no lease. */
  #until = 0;
  #lapses = 0;
  /** The session that holds the key. */
  #keyHolder: LiveSession | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ticking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    worker: string,
    driver: DriverName,
    session: DirectSession,
    connections: Connections,
    clock: DatabaseClock,
    installation: string | null,
  ) {
    this.worker = worker;
    this.#driver = driver;
    this.#session = session;
    this.#connections = connections;
    this.#clock = clock;
    this.#key = lockKeyOf(worker);
    this.#installation = installation;
  }

  remaining(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  lapses(): number {
    return this.#lapses;
  }

  /** Throws `DatabaseUnavailable`, and an error when another process is this worker already. */
  async start(): Promise<void> {
    await this.#session.join(this);
    if (this.#until === 0) {
      this.#session.leave(this);
      throw new Error(`Worker ${this.worker} is running already, or the database was lost.`);
    }
    this.#schedule(RENEW_MS);
  }

  async deadPeers(): Promise<readonly DeadWorker[]> {
    const live = this.#session.live;
    const age = live === null ? 0 : this.#clock.monotonic() - live.since;
    // After a loss everybody else may be coming back too.
    if (live === null || (this.#lapses > 0 && age < LEASE_MS)) return [];
    const rows = await this.#connections.lend((sql) =>
      sql.query<DeadRow>('select worker, why, lease_until, tenants, runs from holdfast.dead_workers($1, $2, $3)', [
        this.worker,
        LEASE_MS,
        live.direct,
      ]),
    );
    return rows.map((row) => deadWorkerOf(row, 'session-lost'));
  }

  async holderOf(ref: RunRef): Promise<RunHolder | null> {
    const row = await holderRow(this.#connections, ref, this.#session.live?.direct ?? false);
    return row === null ? null : { ...row, why: row.why === 'gone' ? 'session-lost' : row.why };
  }

  async tellProblem(problem: WorkersProblem | null): Promise<void> {
    await tellProblem(this.#connections, this.worker, problem);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#until = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#session.leave(this);
    await this.#ticking;
    const live = this.#session.live;
    if (live === null) return;
    await live.query('select holdfast.leave_worker($1)', [this.worker]).catch(() => undefined);
    if (this.#keyHolder === live) {
      await live.query('select pg_catalog.pg_advisory_unlock($1::bigint)', [this.#key]).catch(() => undefined);
    }
  }

  async connected(session: LiveSession): Promise<void> {
    await this.#begin(session);
  }

  lost(): void {
    this.#until = 0;
    this.#lapses += 1;
    this.#keyHolder = null;
  }

  #schedule(pauseMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#ticking = this.#tick().then(
        () => this.#schedule(this.#until === 0 ? KEY_RETRY_MS : RENEW_MS),
        // Either the session is lost, and its reconnect begins anew, or the next renewal tries again.
        () => this.#schedule(KEY_RETRY_MS),
      );
    }, pauseMs);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    const live = this.#session.live;
    if (live === null) return;
    if (this.#until === 0) return this.#begin(live);
    const sentAt = this.#clock.monotonic();
    if (sentAt >= this.#until) this.#lapses += 1;
    const [row] = await live.query<{ now: number | null }>('select holdfast.renew_lease($1, $2) as now', [
      this.worker,
      LEASE_MS,
    ]);
    if (this.#session.live !== live) return;
    if (row !== undefined && row.now !== null) return this.#extend(row.now, sentAt);
    // The lease had run out: whoever noticed may have taken the runs. It begins anew.
    this.#until = 0;
    this.#lapses += 1;
    await this.#begin(live);
  }

  /** Takes the key, where it means something, and writes the lease; without the key there is none. */
  async #begin(session: LiveSession): Promise<void> {
    if (session.direct && this.#keyHolder !== session) {
      const [lock] = await session.query<{ held: boolean }>(
        'select pg_catalog.pg_try_advisory_lock($1::bigint) as held',
        [this.#key],
      );
      // Our old session may not have ended for the server yet, or somebody is judging us.
      if (lock?.held !== true) return;
      this.#keyHolder = session;
    }
    const sentAt = this.#clock.monotonic();
    const [row] = await session.query<{ now: number }>(
      'select holdfast.register_worker($1, $2, $3, $4, false, $5, $6) as now',
      [this.worker, this.#driver, session.direct ? this.#key : null, LEASE_MS, EVENT_FORMAT, this.#installation],
    );
    if (row !== undefined) this.#extend(row.now, sentAt);
  }

  #extend(databaseNow: number, sentAt: number): void {
    if (!this.#closed) this.#until = sentAt + LEASE_MS;
    this.#clock.set(databaseNow, sentAt, this.#clock.monotonic());
  }
}

/** The lease where one process has the database to itself: whoever was here before is gone. */
export class SoleWorkerLease implements WorkerLease {
  readonly worker: string;
  readonly #driver: DriverName;
  readonly #connections: Connections;
  readonly #installation: string | null;
  #held = false;

  constructor(worker: string, driver: DriverName, connections: Connections, installation: string | null) {
    this.worker = worker;
    this.#driver = driver;
    this.#connections = connections;
    this.#installation = installation;
  }

  remaining(): number {
    return this.#held ? LEASE_MS : 0;
  }

  lapses(): number {
    return 0;
  }

  async start(): Promise<void> {
    await this.#connections.lend((sql) =>
      sql.query('select holdfast.register_worker($1, $2, null, $3, true, $4, $5)', [
        this.worker,
        this.#driver,
        LEASE_MS,
        EVENT_FORMAT,
        this.#installation,
      ]),
    );
    this.#held = true;
  }

  async deadPeers(): Promise<readonly DeadWorker[]> {
    const rows = await this.#connections.lend((sql) =>
      sql.query<DeadRow>('select worker, why, lease_until, tenants, runs from holdfast.dead_workers($1, $2, false)', [
        this.worker,
        LEASE_MS,
      ]),
    );
    return rows.filter(({ why }) => why === 'gone').map((row) => deadWorkerOf(row, 'restarted'));
  }

  async holderOf(ref: RunRef): Promise<RunHolder | null> {
    const row = await holderRow(this.#connections, ref, false);
    return row === null ? null : { ...row, why: row.why === 'gone' ? 'restarted' : null };
  }

  async tellProblem(problem: WorkersProblem | null): Promise<void> {
    await tellProblem(this.#connections, this.worker, problem);
  }

  async close(): Promise<void> {
    this.#held = false;
    await this.#connections.lend((sql) => sql.query('select holdfast.leave_worker($1)', [this.worker]));
  }
}

async function holderRow(
  connections: Connections,
  { tenant, run }: RunRef,
  locks: boolean,
): Promise<{ worker: string; why: DeadRow['why'] | null; leaseUntil: number } | null> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ worker: string; why: DeadRow['why'] | null; leaseUntil: number }>(
      'select worker, why, lease_until as "leaseUntil" from holdfast.holder_of($1, $2, $3, $4)',
      [tenant, run, LEASE_MS, locks],
    ),
  );
  return row ?? null;
}

const tellProblem = (connections: Connections, worker: string, problem: WorkersProblem | null): Promise<unknown> =>
  connections.lend((sql) => sql.query('select holdfast.tell_problem($1, $2)', [worker, problem]));

function deadWorkerOf(row: DeadRow, gone: DeadWorker['why']): DeadWorker {
  return {
    worker: row.worker,
    why: row.why === 'gone' ? gone : row.why,
    leaseUntil: row.lease_until,
    runs: row.runs.flatMap((run, index) => {
      const tenant = row.tenants[index];
      return tenant === undefined ? [] : [{ tenant, run }];
    }),
  };
}

/** A worker's advisory lock: 63 bits of a hash of its id. */
function lockKeyOf(worker: string): string {
  const hash = createHash('sha256').update(`holdfast worker ${worker}`).digest();
  return (hash.readBigUInt64BE(0) >> 1n).toString();
}
