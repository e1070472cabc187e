import type { RetentionStore, TenantScope } from '@holdfast/core';
import type { Sql } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

export class PostgresRetentionStore implements RetentionStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async get(scope: TenantScope): Promise<number | null> {
    return this.#scoped.in(scope, (sql) => read(sql, scope));
  }

  set(
    scope: TenantScope,
    days: number | null,
    permits: (current: number | null) => boolean = () => true,
  ): Promise<'set' | 'stale'> {
    return this.#scoped.in(scope, async (sql) => {
      // The API may not lock rows of tenants: two changes at once wait for each other here.
      await sql.query('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [
        `retention ${scope.tenant}`,
      ]);
      if (!permits(await read(sql, scope))) return 'stale';
      await sql.query('select holdfast.set_retention($1)', [days]);
      return 'set';
    });
  }
}

async function read(sql: Sql, { tenant }: TenantScope): Promise<number | null> {
  const text = 'select retention_days as days from holdfast.tenants where id = $1';
  const [row] = await sql.query<{ days: number | null }>(text, [tenant]);
  return row?.days ?? null;
}
