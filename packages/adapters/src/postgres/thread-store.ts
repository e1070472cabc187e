import type { Hint, TenantScope, Thread, ThreadDeletion, ThreadStore } from '@holdfast/core';
import { deletedHints, type DeletionRow, deletionOf } from './deletion.ts';
import { isUuid } from './ids.ts';
import type { Scoped } from './tenant-scope.ts';

interface ThreadRow {
  readonly id: string;
  readonly metadata: string;
  readonly active_run: string | null;
  readonly last_run: string | null;
  readonly created_at: number;
}

const selectSql = 'select id, metadata, active_run, last_run, created_at from holdfast.threads where tenant_id = $1';

export class PostgresThreadStore implements ThreadStore {
  readonly #scoped: Scoped;
  readonly #deleted: (hints: readonly Hint[]) => void;

  /** `deleted` hears of runs that are gone. */
  constructor(scoped: Scoped, deleted: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#deleted = deleted;
  }

  async create(scope: TenantScope, { id, metadata, createdAt }: Thread): Promise<void> {
    await this.#scoped.in(scope, (sql) =>
      sql.query('insert into holdfast.threads (tenant_id, id, metadata, created_at) values ($1, $2, $3, $4)', [
        scope.tenant,
        id,
        JSON.stringify(metadata),
        createdAt,
      ]),
    );
  }

  async get(scope: TenantScope, thread: string): Promise<Thread | null> {
    if (!isUuid(thread)) return null;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<ThreadRow>(`${selectSql} and id = $2`, [scope.tenant, thread]),
    );
    return row === undefined ? null : threadOf(row);
  }

  async list(scope: TenantScope, before: string | null, limit: number): Promise<readonly Thread[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<ThreadRow>(`${selectSql} and ($2::uuid is null or id < $2) order by id desc limit $3`, [
        scope.tenant,
        before,
        limit,
      ]),
    );
    return rows.map(threadOf);
  }

  async join(scope: TenantScope, thread: string, run: string): Promise<string | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ active_run: string }>('select active_run from holdfast.join_thread($1, $2)', [thread, run]),
    );
    return row?.active_run ?? null;
  }

  async delete(scope: TenantScope, thread: string): Promise<ThreadDeletion> {
    if (!isUuid(thread)) return { type: 'missing' };
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<DeletionRow>('select outcome, run_id, status from holdfast.delete_thread($1)', [thread]),
    );
    const deletion = deletionOf(rows);
    if (deletion.type === 'parent-live') throw new Error(`delete_thread of ${thread}: a thread stands below no run`);
    if (deletion.type === 'deleted') this.#deleted(deletedHints(deletion.runs));
    return deletion;
  }
}

const threadOf = (row: ThreadRow): Thread => ({
  id: row.id,
  metadata: JSON.parse(row.metadata) as Record<string, string>,
  activeRun: row.active_run,
  lastRun: row.last_run,
  createdAt: row.created_at,
});
