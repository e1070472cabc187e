import type { AuditEntry, AuditHead, AuditLineText, AuditLog, AuditRow, TenantScope } from '@holdfast/core';
import type { Scoped } from './tenant-scope.ts';

const columns = 'number, at, operation, line, hash';

export class PostgresAuditLog implements AuditLog {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  write(scope: TenantScope, { operation, target, by, requestId, detail }: AuditEntry): Promise<number> {
    const line: AuditLineText = { target, by, requestId, detail };
    return this.#scoped.in(scope, async (sql) => {
      const [row] = await sql.query<{ number: number }>('select holdfast.write_audit($1, $2) as number', [
        operation,
        JSON.stringify(line),
      ]);
      if (row === undefined) throw new Error('an audit line without a number');
      return row.number;
    });
  }

  list(
    scope: TenantScope,
    operation: string | null,
    before: number | null,
    limit: number,
  ): Promise<readonly AuditRow[]> {
    return this.#scoped.in(scope, (sql) =>
      sql.query<AuditRow>(
        `select ${columns} from holdfast.audit
         where tenant_id = $1 and ($2::text is null or operation = $2) and ($3::bigint is null or number < $3)
         order by number desc limit $4`,
        [scope.tenant, operation, before, limit],
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
    return row ?? { number: 0, hash: '' };
  }
}
