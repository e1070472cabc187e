import type {
  Hint,
  IdempotentReply,
  IdempotentRequest,
  RepeatedReply,
  Reply,
  TenantScope,
  Transactions,
  TransactionStores,
} from '@holdfast/core';
import { PostgresAgentStore } from './agent-store.ts';
import { PostgresAuditLog } from './audit-log.ts';
import { PostgresBudgets } from './budgets.ts';
import { PostgresBulkStore } from './bulk-store.ts';
import { PostgresKeyStore } from './key-store.ts';
import { PostgresLimitStore } from './limit-store.ts';
import { PostgresRetentionStore } from './retention-store.ts';
import { PostgresRunDirectory } from './run-directory.ts';
import { ApiRunStore } from './run-store.ts';
import { PostgresScheduleRows } from './schedule-rows.ts';
import { PostgresMemberRows } from './member-rows.ts';
import { platformAuditWriter } from './platform-audit.ts';
import { PostgresUploadStore } from './upload-store.ts';
import { PostgresSecretRows } from './secret-rows.ts';
import { PostgresTenantStore } from './tenant-store.ts';
import { PostgresThreadStore } from './thread-store.ts';
import { type Connections, prepared, type Sql, type Statement } from './sql.ts';
import { type Scoped, scopedTo, type Transaction } from './tenant-scope.ts';
import { PostgresToolServerStore } from './tool-server-store.ts';
import { PostgresWebhookStore } from './webhook-store.ts';
import { codeOf, insistently } from './unavailable.ts';

interface KeptReply {
  readonly body_hash: string;
  readonly status: number | null;
  readonly body: string | null;
  readonly too_old: boolean;
}

/** How long a reply is kept for its repeats, ms. */
const KEY_LIFE_MS = 24 * 3_600_000;
/** Small, so that nobody waits for the rows. */
const CLEANED_AT_ONCE = 500;
const LOCK_NOT_AVAILABLE = '55P03';

/** Takes the key, or says by returning nothing that somebody has it. One that is too old counts as free. */
const takeSql = `
  insert into holdfast.idempotency_keys as k (tenant_id, principal, route, key, body_hash, created_at)
  values ($1, $2, $3, $4, $5, holdfast.now_ms())
  on conflict (tenant_id, principal, route, key) do update
    set body_hash = excluded.body_hash, status = null, body = null, about = null, created_at = excluded.created_at
    where k.created_at < excluded.created_at - ${KEY_LIFE_MS}
  returning key`;
const whose = 'tenant_id = $1 and principal = $2 and route = $3 and key = $4';
const keepSql = `update holdfast.idempotency_keys set status = $5, body = $6, about = $7 where ${whose}`;
/** For as long as the key is asked for. */
const waitFor = (ms: number): Statement => ({
  text: "select pg_catalog.set_config('lock_timeout', $1, true)",
  values: [`${ms}ms`],
});

export class PostgresTransactions implements Transactions {
  readonly #scoped: Scoped;
  readonly #committed: (hints: readonly Hint[]) => void;

  /** `committed` hears after COMMIT of the runs whose log has grown. */
  constructor(scoped: Scoped, committed: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#committed = committed;
  }

  async run<T>(scope: TenantScope, work: (stores: TransactionStores) => Promise<T>): Promise<T> {
    let grown: Hint[] = [];
    const result = await insistently(() => {
      grown = [];
      return this.#scoped.in(scope, (sql) => work(storesIn(scope, sql, grown)));
    });
    if (grown.length > 0) this.#committed(grown);
    return result;
  }

  kept(scope: TenantScope, request: IdempotentRequest): Promise<RepeatedReply | null> {
    const key = [scope.tenant, request.principal, request.route, request.key];
    return this.#scoped.in(scope, async (sql) => {
      const kept = await readKept(sql, key);
      return kept === undefined || kept.too_old ? null : repeated(kept, request.bodyHash);
    });
  }

  async once(
    scope: TenantScope,
    request: IdempotentRequest,
    work: (stores: TransactionStores) => Promise<Reply>,
  ): Promise<IdempotentReply> {
    const key = [scope.tenant, request.principal, request.route, request.key];
    let grown: Hint[] = [];
    const attempt = async (sql: Transaction): Promise<IdempotentReply> => {
      const taken = await takeKey(sql, [...key, request.bodyHash]);
      if (taken === 'in-flight') return { type: 'in-flight' };
      if (taken === 'kept') return repeated(await readKept(sql, key), request.bodyHash);
      const first = await work(storesIn(scope, sql, grown));
      sql.later({ text: keepSql, values: [...key, first.status, first.body, first.about ?? null] });
      return { type: 'first', reply: first };
    };
    const reply = await insistently(() => {
      grown = [];
      return this.#scoped.in(scope, attempt);
    });
    if (grown.length > 0) this.#committed(grown);
    return reply;
  }
}

/** The insert of a key that another transaction is using waits for that transaction, at most 2 s. */
async function takeKey(sql: Transaction, values: readonly string[]): Promise<'taken' | 'kept' | 'in-flight'> {
  sql.later({ text: 'savepoint key' });
  sql.later(waitFor(2_000));
  try {
    const rows = await prepared(sql, takeSql, values);
    sql.later(waitFor(0));
    return rows.length > 0 ? 'taken' : 'kept';
  } catch (error) {
    if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    await sql.query('rollback to savepoint key');
    return 'in-flight';
  }
}

const readKept = async (sql: Sql, key: readonly string[]): Promise<KeptReply | undefined> =>
  (
    await sql.query<KeptReply>(
      `select body_hash, status, body, created_at < holdfast.now_ms() - ${KEY_LIFE_MS} as too_old
       from holdfast.idempotency_keys where ${whose}`,
      key,
    )
  )[0];

function repeated(kept: KeptReply | undefined, bodyHash: string): RepeatedReply {
  if (kept === undefined || kept.status === null || kept.body === null) return { type: 'in-flight' };
  if (kept.body_hash !== bodyHash) return { type: 'mismatch' };
  return { type: 'repeated', reply: { status: kept.status, body: kept.body } };
}

function storesIn(scope: TenantScope, sql: Transaction, grown: Hint[]): TransactionStores {
  const scoped = scopedTo(scope, sql);
  const note = (hints: readonly Hint[]): void => void grown.push(...hints);
  return {
    runs: new ApiRunStore(scoped, note),
    agents: new PostgresAgentStore(scoped),
    toolServers: new PostgresToolServerStore(scoped),
    directory: new PostgresRunDirectory(scoped, { lend: (work) => work(sql) }, note),
    threads: new PostgresThreadStore(scoped, note),
    secrets: new PostgresSecretRows(scoped),
    audit: new PostgresAuditLog(scoped),
    keys: new PostgresKeyStore(scoped),
    bulk: new PostgresBulkStore(scoped, note),
    budgets: new PostgresBudgets(scoped, note),
    retention: new PostgresRetentionStore(scoped),
    schedules: new PostgresScheduleRows(scoped, note),
    webhooks: new PostgresWebhookStore(scoped),
    uploads: new PostgresUploadStore(scoped),
    limits: new PostgresLimitStore(scoped),
    members: new PostgresMemberRows(scoped),
    tenants: new PostgresTenantStore(scoped, note),
    platformAudit: platformAuditWriter(sql),
  };
}

/** Deletes a small batch of replies that are no longer kept; returns how many. */
export async function cleanIdempotencyKeys(connections: Connections): Promise<number> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ deleted: number }>(
      'select holdfast.clean_idempotency_keys(holdfast.now_ms() - $1::bigint, $2) as deleted',
      [KEY_LIFE_MS, CLEANED_AT_ONCE],
    ),
  );
  return row?.deleted ?? 0;
}
