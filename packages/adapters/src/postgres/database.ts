import type {
  AgentStore,
  ArtifactRow,
  BudgetStore,
  CurrentPrices,
  ModelPrices,
  AuditLog,
  BulkStore,
  Clock,
  DriverName,
  Entrance,
  ExpiredRuns,
  Freeze,
  FrozenTenants,
  Hint,
  Hints,
  Installation,
  KeyStore,
  LimitStore,
  MemberRows,
  Outbox,
  PlatformAudit,
  RetentionStore,
  RunDirectory,
  RunRef,
  RunStore,
  ScheduleRows,
  ScheduleStore,
  SealedPages,
  SecretRows,
  UploadStore,
  SessionStore,
  Steps,
  TenantDirectory,
  TenantErasure,
  TenantScope,
  ThreadStore,
  ToolServerStore,
  Transactions,
  WorkerBudgets,
  WorkerLease,
  WebhookQueue,
  WebhookStore,
} from '@holdfast/core';
import { ProcessHints } from '@holdfast/core';
import { artifactRows } from './artifact-rows.ts';
import { cleanAudit, PostgresAuditLog } from './audit-log.ts';
import { PostgresAgentStore } from './agent-store.ts';
import { cleanBulkOperations, PostgresBulkStore } from './bulk-store.ts';
import { DatabaseClock, ProcessClock } from './database-clock.ts';
import { DatabaseNotUsable } from './errors.ts';
import { PostgresExpiredRuns } from './expired-runs.ts';
import { PostgresFrozenTenants } from './frozen-tenants.ts';
import { NoHints, PostgresHints } from './hints.ts';
import { freezeOf, installationId, PostgresInstallation, tenantIds } from './installation.ts';
import { PostgresKeyStore } from './key-store.ts';
import { PostgresLimitStore } from './limit-store.ts';
import { PostgresModelPrices } from './model-prices.ts';
import { PostgresMemberRows } from './member-rows.ts';
import { applyMigrations, checkSchema } from './migrate.ts';
import { movedAt } from './moved-mark.ts';
import { PostgresEntrance } from './entrance.ts';
import { PostgresOutbox } from './outbox.ts';
import { openPglite } from './pglite.ts';
import { PostgresPlatformAudit } from './platform-audit.ts';
import { openPool } from './pool.ts';
import { openPostgres } from './postgres.ts';
import { checkWritable } from './server-check.ts';
import { targetOf } from './target.ts';
import { PostgresRetentionStore } from './retention-store.ts';
import { PostgresRunDirectory } from './run-directory.ts';
import { ApiRunStore, WorkerRunStore } from './run-store.ts';
import { PostgresScheduleRows } from './schedule-rows.ts';
import { PostgresScheduleStore } from './schedule-store.ts';
import { cleanUploads, PostgresUploadStore } from './upload-store.ts';
import { PostgresSealedPages, PostgresSecretRows } from './secret-rows.ts';
import { cleanSessions, PostgresSessionStore } from './session-store.ts';
import type { Connections, Sql } from './sql.ts';
import { type DatabaseRole, type Scoped, scopedTransactions } from './tenant-scope.ts';
import { PostgresTenantDirectory, PostgresTenantErasure } from './tenant-store.ts';
import { PostgresThreadStore } from './thread-store.ts';
import { PostgresToolServerStore } from './tool-server-store.ts';
import { cleanDeliveries, PostgresWebhookQueue } from './webhook-queue.ts';
import { PostgresWebhookStore } from './webhook-store.ts';
import { cleanIdempotencyKeys, PostgresTransactions } from './transactions.ts';
import { PostgresBudgets } from './budgets.ts';
import { PostgresWorkerLease, SoleWorkerLease } from './worker-lease.ts';

export interface DatabaseOptions {
  /** Past a pooler, for the lease and for hints; default: the url itself. */
  readonly directUrl?: string;
  /** Connections at most; default 10. */
  readonly poolSize?: number;
  /** What the server allows a statement, or an idle transaction, and the wait for a lock, ms; default: none. */
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  /** For `pg_stat_activity`; default `holdfast`. `instance`: what tells processes of a program apart. */
  readonly program?: string;
  readonly instance?: string;
  /** Off: nothing is published or heard, and sweeps alone find what is due. Default true. */
  readonly hints?: boolean;
  /** Of a server: another way for hints, which gets the database's own for when that is gone. */
  readonly hintsThrough?: (otherwise: Hints) => Hints;
  /** An append that takes longer is cut off, and what became of it is unknown, ms; default 10 s. */
  readonly appendLimitMs?: number;
  /** How long audit lines are kept of tenants that say nothing themselves; default: for ever. */
  readonly auditDays?: number;
  /** The installation that workers are set up for: where the database belongs to another, it is frozen. */
  readonly installationId?: string;
}

export interface ApiStores {
  /** The id of the installation, by which it differs from others in what they share. */
  readonly installation: () => Promise<string>;
  /** Since when nothing begins, and why; null = it is not frozen. Throws `DatabaseUnavailable`. */
  readonly freeze: () => Promise<Freeze | null>;
  readonly runs: RunStore;
  readonly agents: AgentStore;
  readonly toolServers: ToolServerStore;
  readonly directory: RunDirectory;
  readonly transactions: Transactions;
  readonly keys: KeyStore;
  readonly entrance: Entrance;
  readonly threads: ThreadStore;
  readonly secrets: SecretRows;
  readonly audit: AuditLog;
  readonly bulk: BulkStore;
  readonly retention: RetentionStore;
  readonly schedules: ScheduleRows;
  readonly webhooks: WebhookStore;
  readonly uploads: UploadStore;
  readonly budgets: BudgetStore;
  readonly prices: ModelPrices;
  readonly limits: LimitStore;
  readonly members: MemberRows;
  readonly tenants: TenantDirectory;
  readonly platformAudit: PlatformAudit;
  readonly sessions: SessionStore;
}

export interface WorkerStores {
  /** As the API has it, once the lease has begun: it gets another one when that finds a copy. */
  readonly installation: () => Promise<string>;
  readonly freeze: () => Promise<Freeze | null>;
  readonly runs: RunStore;
  readonly agents: Pick<AgentStore, 'get' | 'version' | 'versionById'>;
  readonly secrets: Pick<SecretRows, 'read'>;
  readonly toolServers: Pick<ToolServerStore, 'list' | 'get'>;
  readonly schedule: ScheduleStore;
  readonly outbox: Outbox;
  readonly expired: ExpiredRuns;
  readonly lease: WorkerLease;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly bulk: BulkStore;
  readonly schedules: ScheduleRows;
  readonly webhooks: WebhookQueue;
  readonly budgets: WorkerBudgets;
  readonly prices: CurrentPrices;
  readonly erasure: TenantErasure;
  readonly frozen: FrozenTenants;
  /** What a handler of the outbox does to runs, together with how far it is. */
  readonly transactions: Steps;
  /** Whether this installation has the tenant, or has erased it. */
  readonly knowsTenant: (scope: TenantScope) => Promise<boolean>;
  /** The files of a run, oldest first. */
  readonly artifactRows: (ref: RunRef) => Promise<readonly ArtifactRow[]>;
  /**
   * Deletes some of what is no longer kept (replies to idempotent requests, 24 h; deliveries, 30 days; bulk operations,
   * 30 days after their end; audit lines, as they are kept; uploads and logins that are over); for a call once an hour. Returns how many
   * rows; as long as that is not 0 there may be more.
   */
  readonly housekeep: () => Promise<number>;
}

/** An open database. Stores are made for a role; each makes its own transactions. */
export interface Database {
  readonly kind: 'pglite' | 'postgres';
  /** What this database does not hold, one line each, for the log and for `doctor`. */
  readonly warnings: readonly string[];
  readonly clock: Clock;
  readonly hints: Hints;
  /** Throws `DatabaseNotUsable` (`database_role_missing`, `database_not_migrated`, `database_moved`), as do the next three. */
  api(): Promise<ApiStores>;
  /** `worker`: the id of this process, at most 64 characters, new at each start. `driver`: default `embedded`. */
  worker(worker: string, driver?: DriverName): Promise<WorkerStores>;
  owner(): Promise<Installation>;
  /** Every secret of the installation, as the owner of the tables. */
  sealed(): Promise<SealedPages>;
  /** One round trip. Throws `DatabaseUnavailable`, also when the database takes no writes. */
  ping(): Promise<void>;
  /** Syncs to disk so far, with PGlite in a directory; else null. */
  syncs(): number | null;
  /** Close leases first. */
  close(): Promise<void>;
}

/** What the stores are built on. */
export interface OpenDatabase extends Database {
  readonly connections: Connections;
}

const CLOCK_MS = 10_000;
const GUARD_MS = 1_000;
const POOL_SIZE = 10;

/** Loads leave connections free, so that an append finds one. */
const loadsAtOnce = (poolSize: number): number => Math.max(1, Math.floor(poolSize * 0.6));

/**
 * Opens `pglite://directory`, `pglite://memory` or `postgres://…`.
 * Throws `DatabaseNotUsable` with one clear line.
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<OpenDatabase> {
  if (url.startsWith('pglite://')) return openEmbedded(url, options);
  if (/^postgres(ql)?:\/\//.test(url)) return openServer(url, options);
  throw new DatabaseNotUsable('database_url_invalid', 'DATABASE_URL must begin with pglite:// or postgres://.');
}

/**
 * Brings the schema up to date. `url`: the login that owns the tables (DATABASE_MIGRATE_URL), where it is another.
 * `lockTimeoutMs`: how long a statement of a migration waits for a lock; 0 = as long as it takes.
 * Returns the names of the migrations that were applied now.
 */
export async function migrate(
  database: OpenDatabase,
  { url, lockTimeoutMs = 0 }: { readonly url?: string; readonly lockTimeoutMs?: number } = {},
): Promise<readonly string[]> {
  if (url === undefined || database.kind === 'pglite') return applyMigrations(database.connections, lockTimeoutMs);
  const pool = openPool(targetOf(url), { size: 1, applicationName: 'holdfast-migrate' });
  try {
    return await applyMigrations(pool, lockTimeoutMs);
  } finally {
    await pool.close();
  }
}

async function openEmbedded(url: string, options: DatabaseOptions): Promise<OpenDatabase> {
  const pglite = await openPglite(url);
  const hints = options.hints === false ? new NoHints() : new ProcessHints();
  return {
    kind: 'pglite',
    warnings: pglite.syncs() === null ? ['The data is in memory: it ends with the process.'] : [],
    clock: new ProcessClock(),
    hints,
    connections: pglite,
    ...stores(
      pglite,
      hints,
      options,
      (worker, driver) => new SoleWorkerLease(worker, driver, pglite, options.installationId ?? null),
    ),
    ping: () => pglite.lend(async (sql) => void (await sql.query('select 1'))),
    syncs: () => pglite.syncs(),
    close: () => pglite.close(),
  };
}

async function openServer(url: string, options: DatabaseOptions): Promise<OpenDatabase> {
  const { pool, session, readWrite, warnings } = await openPostgres({
    url,
    directUrl: options.directUrl ?? url,
    poolSize: options.poolSize ?? POOL_SIZE,
    statementTimeoutMs: options.statementTimeoutMs ?? 0,
    lockTimeoutMs: options.lockTimeoutMs ?? 0,
    program: options.program ?? 'holdfast',
    ...(options.instance === undefined ? {} : { instance: options.instance }),
  });
  const clock = new DatabaseClock();
  const own = options.hints === false ? null : new PostgresHints(pool);
  const hints = own === null ? new NoHints() : (options.hintsThrough?.(own) ?? own);
  await setClock(pool, clock);
  await own?.listen(session);
  const timer = setInterval(() => {
    setClock(pool, clock).catch(() => undefined);
  }, CLOCK_MS);
  timer.unref();
  // Reads would go on at a server that takes no writes any more, and show what is old.
  const guard = readWrite
    ? setInterval(() => void pool.lend(checkWritable, 5_000).catch(() => undefined), GUARD_MS)
    : null;
  guard?.unref();
  return {
    kind: 'postgres',
    warnings,
    clock,
    hints,
    connections: pool,
    ...stores(
      pool,
      hints,
      options,
      (worker, driver) => new PostgresWorkerLease(worker, driver, session, pool, clock, options.installationId ?? null),
    ),
    ping: () => pool.lend(checkWritable, 5_000),
    syncs: () => null,
    async close() {
      clearInterval(timer);
      if (guard !== null) clearInterval(guard);
      await own?.flush();
      await session.close();
      await pool.close();
    },
  };
}

function stores(
  connections: Connections,
  hints: Hints,
  { appendLimitMs = 10_000, poolSize = POOL_SIZE, auditDays }: DatabaseOptions,
  leaseOf: (worker: string, driver: DriverName) => WorkerLease,
): Pick<Database, 'api' | 'worker' | 'owner' | 'sealed'> {
  const publish = (grown: readonly Hint[]): void => hints.publish(grown);
  return {
    async api() {
      const role = await roleFor(connections, 'holdfast_api');
      const scoped = scopedTransactions(connections, role);
      return {
        installation: () => installationId(connections, role),
        freeze: () => freezeOf(connections, role),
        runs: new ApiRunStore(scoped, publish),
        agents: new PostgresAgentStore(scoped),
        toolServers: new PostgresToolServerStore(scoped),
        directory: new PostgresRunDirectory(scoped, connections, publish),
        transactions: new PostgresTransactions(scoped, publish),
        keys: new PostgresKeyStore(scoped),
        entrance: new PostgresEntrance(connections),
        threads: new PostgresThreadStore(scoped, publish),
        secrets: new PostgresSecretRows(scoped),
        audit: new PostgresAuditLog(scoped),
        bulk: new PostgresBulkStore(scoped, publish),
        retention: new PostgresRetentionStore(scoped),
        schedules: new PostgresScheduleRows(scoped, publish),
        budgets: new PostgresBudgets(scoped, publish),
        webhooks: new PostgresWebhookStore(scoped),
        uploads: new PostgresUploadStore(scoped),
        limits: new PostgresLimitStore(scoped),
        members: new PostgresMemberRows(scoped),
        tenants: new PostgresTenantDirectory(scoped, connections, role),
        platformAudit: new PostgresPlatformAudit(connections, role),
        sessions: new PostgresSessionStore(connections, role),
        prices: new PostgresModelPrices(connections, role),
      };
    },
    async worker(worker, driver = 'embedded') {
      const role = await roleFor(connections, 'holdfast_worker');
      const scoped = scopedTransactions(connections, role);
      return {
        installation: () => installationId(connections, role),
        freeze: () => freezeOf(connections, role),
        runs: new WorkerRunStore(
          connections,
          scoped,
          { limitMs: appendLimitMs, loads: loadsAtOnce(poolSize) },
          publish,
        ),
        agents: new PostgresAgentStore(scoped),
        secrets: new PostgresSecretRows(scoped),
        toolServers: new PostgresToolServerStore(scoped),
        schedule: new PostgresScheduleStore(worker, connections),
        outbox: new PostgresOutbox(worker, connections),
        expired: new PostgresExpiredRuns(scoped, publish),
        lease: leaseOf(worker, driver),
        directory: new PostgresRunDirectory(scoped, connections, publish),
        bulk: new PostgresBulkStore(scoped, publish),
        schedules: new PostgresScheduleRows(scoped, publish),
        budgets: new PostgresBudgets(scoped, publish),
        webhooks: new PostgresWebhookQueue(scoped),
        prices: new PostgresModelPrices(connections, role),
        erasure: new PostgresTenantErasure(scoped),
        frozen: new PostgresFrozenTenants(scoped),
        transactions: new PostgresTransactions(scoped, publish),
        knowsTenant: (scope) => knowsTenant(scoped, scope),
        artifactRows: (ref) => artifactRows(scoped, ref),
        housekeep: async () =>
          (await cleanIdempotencyKeys(connections)) +
          (await cleanBulkOperations(connections)) +
          (await cleanDeliveries(connections)) +
          (await cleanAudit(connections, auditDays ?? null)) +
          (await cleanUploads(connections)) +
          (await cleanSessions(connections)),
      };
    },
    async owner() {
      const role = await roleFor(connections, 'holdfast_owner');
      return new PostgresInstallation(scopedTransactions(connections, role), connections, role);
    },
    async sealed() {
      const role = await roleFor(connections, 'holdfast_owner');
      return new PostgresSealedPages(scopedTransactions(connections, role), () => tenantIds(connections, role));
    },
  };
}

async function knowsTenant(scoped: Scoped, scope: TenantScope): Promise<boolean> {
  const [row] = await scoped.read<{ known: boolean }>(scope, 'select holdfast.knows_tenant() as known', []);
  return row?.known === true;
}

/** The role to take in each transaction, or null when the login is that role. */
async function roleFor(connections: Connections, role: DatabaseRole): Promise<DatabaseRole | null> {
  await checkSchema(connections);
  const moved = await movedAt(connections);
  if (moved !== null) {
    throw new DatabaseNotUsable(
      'database_moved',
      `This installation was exported at ${new Date(moved).toISOString()} and goes on where it was imported. To go on here instead, throw that export away and run holdfast export --take-back.`,
    );
  }
  const [login] = await connections.lend((sql) =>
    sql.query<{ name: string; may: boolean }>(
      "select session_user as name, pg_catalog.pg_has_role(session_user, $1, 'member') as may",
      [role],
    ),
  );
  if (login?.name === role) return null;
  if (login?.may === true) return role;
  throw new DatabaseNotUsable('database_role_missing', `The login ${login?.name ?? ''} may not act as ${role}.`);
}

async function setClock(connections: Connections, clock: DatabaseClock): Promise<void> {
  const sentAt = clock.monotonic();
  const [row] = await connections.lend((sql: Sql) =>
    sql.query<{ now: number }>(
      'select pg_catalog.floor(extract(epoch from pg_catalog.clock_timestamp()) * 1000)::bigint as now',
    ),
  );
  if (row !== undefined) clock.set(row.now, sentAt, clock.monotonic());
}
