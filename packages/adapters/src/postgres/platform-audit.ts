import type { PlatformAudit, PlatformAuditRow, PlatformAuditWriter, PlatformEntry, PlatformHead } from '@holdfast/core';
import { type Connections, prepared, type Sql } from './sql.ts';
import { type DatabaseRole, roleTransaction } from './tenant-scope.ts';

const columns = 'number, at, operation, line, hash';

/** The chain that belongs to no tenant: read outside of any scope. */
export class PostgresPlatformAudit implements PlatformAudit {
  readonly #connections: Connections;
  readonly #role: DatabaseRole | null;

  constructor(connections: Connections, role: DatabaseRole | null) {
    this.#connections = connections;
    this.#role = role;
  }

  list(before: number | null, limit: number): Promise<readonly PlatformAuditRow[]> {
    return this.#read<PlatformAuditRow>(
      `select ${columns} from holdfast.platform_audit
       where ($1::bigint is null or number < $1) order by number desc limit $2`,
      [before, limit],
    );
  }

  chain(after: number, limit: number): Promise<readonly PlatformAuditRow[]> {
    return this.#read<PlatformAuditRow>(
      `select ${columns} from holdfast.platform_audit where number > $1 order by number limit $2`,
      [after, limit],
    );
  }

  async head(): Promise<PlatformHead> {
    const [row] = await this.#read<PlatformHead>('select number, hash from holdfast.platform_audit_head', []);
    if (row === undefined) throw new Error('the audit log of the platform has no head');
    return row;
  }

  #read<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#connections.lend((sql) => roleTransaction(sql, this.#role, () => sql.query<Row>(text, values)));
  }
}

export const platformAuditWriter = (sql: Sql): PlatformAuditWriter => ({
  async write({ operation, ...line }: PlatformEntry): Promise<void> {
    await prepared(sql, 'select holdfast.write_platform_audit($1, $2)', [operation, JSON.stringify(line)]);
  },
});
