import {
  type AuditCheckpoint,
  type AuditEntry,
  type AuditFilter,
  type AuditHead,
  type AuditLineText,
  type AuditLog,
  type AuditRow,
  EMPTY_CHAIN,
  type TenantScope,
} from '@holdfast/core';
import type { Connections } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

const columns = 'number, at, operation, actor, target, line, hash';

export class PostgresAuditLog implements AuditLog {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  write(scope: TenantScope, entry: AuditEntry): Promise<number> {
    const { id, ...by } = entry.by;
    const line: AuditLineText = {
      by: { ...by, name: entry.name ?? null },
      from: entry.from ?? null,
      requestId: entry.requestId,
      before: entry.before ?? null,
      after: entry.after ?? null,
      outcome: entry.outcome ?? 'done',
      detail: entry.detail,
    };
    return this.#scoped.in(scope, async (sql) => {
      const [row] = await sql.query<{ number: number }>('select holdfast.write_audit($1, $2, $3, $4) as number', [
        entry.operation,
        id,
        entry.target,
        JSON.stringify(line),
      ]);
      if (row === undefined) throw new Error('an audit line without a number');
      return row.number;
    });
  }

  list(
    scope: TenantScope,
    { operation, actor, target, since, until }: AuditFilter,
    before: number | null,
    limit: number,
  ): Promise<readonly AuditRow[]> {
    return this.#scoped.in(scope, (sql) =>
      sql.query<AuditRow>(
        `select ${columns} from holdfast.audit
         where tenant_id = $1 and ($2::text is null or operation = $2) and ($3::text is null or actor = $3)
           and ($4::text is null or target = $4 or pg_catalog.starts_with(target, $4 || '/'))
           and ($5::bigint is null or at >= $5) and ($6::bigint is null or at < $6)
           and ($7::bigint is null or number < $7)
         order by number desc limit $8`,
        [scope.tenant, operation ?? null, actor ?? null, target ?? null, since ?? null, until ?? null, before, limit],
      ),
    );
  }

  chain(scope: TenantScope, after: number, limit: number): Promise<readonly AuditRow[]> {
    return this.#scoped.in(scope, (sql) =>
      sql.query<AuditRow>(
        `select ${columns} from holdfast.audit where tenant_id = $1 and number > $2 order by number limit $3`,
        [scope.tenant, after, limit],
      ),
    );
  }

  async head(scope: TenantScope): Promise<AuditHead> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<AuditHead>('select number, hash from holdfast.audit_heads where tenant_id = $1', [scope.tenant]),
    );
    return row ?? EMPTY_CHAIN;
  }

  async checkpoint(scope: TenantScope): Promise<AuditCheckpoint | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<AuditCheckpoint>(
        'select number, hash, count, at from holdfast.audit_checkpoints where tenant_id = $1',
        [scope.tenant],
      ),
    );
    return row ?? null;
  }

  async days(scope: TenantScope): Promise<number | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ days: number | null }>('select audit_days as days from holdfast.tenants where id = $1', [
        scope.tenant,
      ]),
    );
    return row?.days ?? null;
  }

  setDays(scope: TenantScope, days: number | null): Promise<void> {
    return this.#scoped.in(scope, async (sql) => void (await sql.query('select holdfast.set_audit_days($1)', [days])));
  }
}

/** Small, so that nobody who writes a line waits long. */
const CLEANED_AT_ONCE = 1_000;

/** Removes some lines that have outlived their tenant's retention; `days`: of tenants that have none of their own. */
export async function cleanAudit(connections: Connections, days: number | null): Promise<number> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ removed: number }>('select holdfast.clean_audit($1, $2) as removed', [days, CLEANED_AT_ONCE]),
  );
  return row?.removed ?? 0;
}
