import type {
  Hint,
  Tenant,
  TenantDirectory,
  TenantDraft,
  TenantErasure,
  TenantScope,
  TenantSettings,
  TenantStore,
} from '@holdfast/core';
import { isUuid } from './ids.ts';
import { type Connections, prepared } from './sql.ts';
import { type DatabaseRole, roleTransaction, type Scoped } from './tenant-scope.ts';

interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly external_id: string | null;
  readonly slots: number;
  readonly weight: number;
  readonly created_at: number;
  readonly suspended_at: number | null;
  readonly delete_at: number | null;
  readonly erasing_since: number | null;
}

const columns = 'id, name, external_id, slots, weight, created_at, suspended_at, delete_at, erasing_since';
/** Small, so that nobody waits long for the database; on PGlite the whole process would. */
const ERASED_AT_ONCE = 1_000;
/** The proof reads whole tables, ms. */
const PROOF_LIMIT_MS = 30 * 60_000;

export class PostgresTenantDirectory implements TenantDirectory {
  readonly #scoped: Scoped;
  readonly #connections: Connections;
  readonly #role: DatabaseRole | null;

  /** `role`: as which the list is read. */
  constructor(scoped: Scoped, connections: Connections, role: DatabaseRole | null) {
    this.#scoped = scoped;
    this.#connections = connections;
    this.#role = role;
  }

  async list(after: string | null, limit: number): Promise<readonly Tenant[]> {
    const rows = await this.#connections.lend((sql) =>
      roleTransaction(sql, this.#role, () =>
        sql.query<TenantRow>(`select ${columns} from holdfast.list_tenants($1, $2)`, [after, limit]),
      ),
    );
    return rows.map(tenantOf);
  }

  async get(scope: TenantScope): Promise<Tenant | null> {
    if (!isUuid(scope.tenant)) return null;
    const [row] = await this.#scoped.read<TenantRow>(scope, `select ${columns} from holdfast.tenants where id = $1`, [
      scope.tenant,
    ]);
    return row === undefined ? null : tenantOf(row);
  }

  async rests(scope: TenantScope): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#scoped.in(
      scope,
      (sql) => sql.query<{ name: string; rows: number }>('select name, rows from holdfast.rests_of_tenant()'),
      PROOF_LIMIT_MS,
    );
    return Object.fromEntries(rows.map(({ name, rows: left }) => [name, left]));
  }
}

export class PostgresTenantStore implements TenantStore {
  readonly #scoped: Scoped;
  readonly #committed: (hints: readonly Hint[]) => void;

  /** `committed` hears of what is due now. */
  constructor(scoped: Scoped, committed: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#committed = committed;
  }

  create(
    scope: TenantScope,
    { name, slots, weight, externalId }: TenantDraft,
  ): Promise<'made' | 'name' | 'external_id'> {
    return this.#call(scope, 'create_tenant($1, $2, $3, $4)', [name, slots, weight, externalId]);
  }

  async lock(scope: TenantScope): Promise<Tenant | null> {
    if (!isUuid(scope.tenant)) return null;
    const [row] = await this.#scoped.in(scope, (sql) =>
      prepared<TenantRow>(sql, `select ${columns} from holdfast.lock_tenant()`, []),
    );
    return row === undefined ? null : tenantOf(row);
  }

  change(scope: TenantScope, { name, slots, weight }: TenantSettings): Promise<boolean> {
    return this.#call(scope, 'change_tenant($1, $2, $3)', [name, slots, weight]);
  }

  async suspend(scope: TenantScope): Promise<void> {
    await this.#call(scope, 'suspend_tenant()');
  }

  async resume(scope: TenantScope): Promise<boolean> {
    const resumed = await this.#call<boolean>(scope, 'resume_tenant()');
    if (resumed) this.#committed([{ about: 'due' }, { about: 'outbox' }]);
    return resumed;
  }

  async delete(scope: TenantScope, at: number): Promise<boolean> {
    const deleted = await this.#call<boolean>(scope, 'delete_tenant($1)', [at]);
    if (deleted) this.#committed([{ about: 'outbox' }]);
    return deleted;
  }

  keep(scope: TenantScope): Promise<boolean> {
    return this.#call(scope, 'keep_tenant()');
  }

  async #call<T>(
    scope: TenantScope,
    call: string,
    values: readonly (string | number | boolean | null)[] = [],
  ): Promise<T> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      prepared<{ answer: T }>(sql, `select holdfast.${call} as answer`, values),
    );
    if (row === undefined) throw new Error(`no answer of ${call}`);
    return row.answer;
  }
}

export class PostgresTenantErasure implements TenantErasure {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async erase(scope: TenantScope): ReturnType<TenantErasure['erase']> {
    const [row] = await this.#scoped.in(
      scope,
      (sql) =>
        sql.query<{ outcome: Awaited<ReturnType<TenantErasure['erase']>> }>(
          'select holdfast.erase_tenant($1) as outcome',
          [ERASED_AT_ONCE],
        ),
      PROOF_LIMIT_MS,
    );
    return row?.outcome ?? 'gone';
  }

  async finish(scope: TenantScope, files: number): ReturnType<TenantErasure['finish']> {
    const [row] = await this.#scoped.in(
      scope,
      (sql) =>
        sql.query<{ outcome: Awaited<ReturnType<TenantErasure['finish']>> }>(
          'select holdfast.finish_erasure($1) as outcome',
          [files],
        ),
      PROOF_LIMIT_MS,
    );
    return row?.outcome ?? 'gone';
  }
}

const tenantOf = (row: TenantRow): Tenant => ({
  id: row.id,
  name: row.name,
  externalId: row.external_id,
  slots: row.slots,
  weight: row.weight,
  createdAt: row.created_at,
  suspendedAt: row.suspended_at,
  deleteAt: row.delete_at,
  erasingSince: row.erasing_since,
});
