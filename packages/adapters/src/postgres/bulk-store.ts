import type { Actor } from '@holdfast/contracts';
import type {
  BulkError,
  BulkOperation,
  BulkStore,
  BulkWork,
  FittingRuns,
  Hint,
  RunFilter,
  RunStatus,
  TenantScope,
} from '@holdfast/core';
import { fittingRuns } from './fitting-runs.ts';
import { isUuid } from './ids.ts';
import type { Connections } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

interface BulkRow {
  readonly id: string;
  readonly work: string;
  readonly filter: string;
  readonly asked_by: string;
  readonly created_at: number;
  readonly phase: BulkOperation['phase'];
  readonly reached: string | null;
  readonly counted: number;
  readonly done: number;
  readonly skipped: string;
  readonly failed: number;
  readonly errors: string;
  readonly updated_at: number;
  readonly ended_at: number | null;
}

const selectSql = `
  select id, work, filter, asked_by, created_at, phase, reached, counted, done, skipped, failed, errors, updated_at, ended_at
  from holdfast.bulk_operations where tenant_id = $1`;

export class PostgresBulkStore implements BulkStore {
  readonly #scoped: Scoped;
  readonly #created: (hints: readonly Hint[]) => void;

  /** `created` hears of new rows in the outbox. */
  constructor(scoped: Scoped, created: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#created = created;
  }

  async create(scope: TenantScope, bulk: BulkOperation): Promise<void> {
    await this.#scoped.in(scope, (sql) =>
      sql.query('select holdfast.create_bulk($1, $2, $3, $4, $5, $6, $7, $8)', [
        bulk.id,
        JSON.stringify(bulk.work),
        JSON.stringify(bulk.filter),
        JSON.stringify(bulk.by),
        bulk.phase,
        JSON.stringify(bulk.skipped),
        JSON.stringify(bulk.errors),
        bulk.createdAt,
      ]),
    );
    this.#created([{ about: 'outbox' }]);
  }

  async get(scope: TenantScope, id: string): Promise<BulkOperation | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.#scoped.read<BulkRow>(scope, `${selectSql} and id = $2`, [scope.tenant, id]);
    return row === undefined ? null : bulkOf(row);
  }

  async list(scope: TenantScope, before: string | null, limit: number): Promise<readonly BulkOperation[]> {
    const rows = await this.#scoped.read<BulkRow>(
      scope,
      `${selectSql} and ($2::uuid is null or id < $2) order by id desc limit $3`,
      [scope.tenant, before, limit],
    );
    return rows.map(bulkOf);
  }

  async lock(scope: TenantScope, id: string): Promise<BulkOperation | null> {
    if (!isUuid(id)) return null;
    await this.#scoped.in(scope, (sql) => sql.query('select holdfast.lock_bulk($1)', [id]));
    return this.get(scope, id);
  }

  async save(scope: TenantScope, bulk: BulkOperation): Promise<void> {
    await this.#scoped.in(scope, (sql) =>
      sql.query('select holdfast.save_bulk($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
        bulk.id,
        bulk.phase,
        bulk.reached,
        bulk.counted,
        bulk.done,
        JSON.stringify(bulk.skipped),
        bulk.failed,
        JSON.stringify(bulk.errors),
        bulk.updatedAt,
        bulk.endedAt,
      ]),
    );
  }

  async fitting(scope: TenantScope, filter: RunFilter, before: string | null, limit: number): Promise<FittingRuns> {
    const { text, values } = fittingRuns(scope, filter, before, limit);
    const looked = await this.#scoped.in(scope, (sql) =>
      sql.query<{ id: string; status: RunStatus | null }>(text, values),
    );
    return {
      runs: looked.flatMap(({ id, status }) => (status === null ? [] : [{ run: id, status }])),
      next: looked.length < limit ? null : (looked.at(-1)?.id ?? null),
    };
  }
}

/** They name runs, which may have been deleted meanwhile. */
const KEPT_MS = 30 * 86_400_000;
const CLEANED_AT_ONCE = 100;

/** Deletes a small batch of operations that ended 30 days ago; returns how many. */
export async function cleanBulkOperations(connections: Connections): Promise<number> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ deleted: number }>('select holdfast.clean_bulk(holdfast.now_ms() - $1::bigint, $2) as deleted', [
      KEPT_MS,
      CLEANED_AT_ONCE,
    ]),
  );
  return row?.deleted ?? 0;
}

/** As `create` and `save` wrote it. */
const bulkOf = (row: BulkRow): BulkOperation => ({
  id: row.id,
  work: JSON.parse(row.work) as BulkWork,
  filter: JSON.parse(row.filter) as RunFilter,
  by: JSON.parse(row.asked_by) as Actor,
  createdAt: row.created_at,
  phase: row.phase,
  reached: row.reached,
  counted: row.counted,
  done: row.done,
  skipped: JSON.parse(row.skipped) as Record<string, number>,
  failed: row.failed,
  errors: JSON.parse(row.errors) as BulkError[],
  updatedAt: row.updated_at,
  endedAt: row.ended_at,
});
