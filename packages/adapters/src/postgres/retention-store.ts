import type { RetentionStore, TenantScope } from '@holdfast/core';
import type { Scoped } from './tenant-scope.ts';

export class PostgresRetentionStore implements RetentionStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async get(scope: TenantScope): Promise<number | null> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ days: number | null }>('select retention_days as days from holdfast.tenants where id = $1', [
        scope.tenant,
      ]),
    );
    return row?.days ?? null;
  }

  async set(scope: TenantScope, days: number | null): Promise<void> {
    await this.#scoped.in(scope, (sql) => sql.query('select holdfast.set_retention($1)', [days]));
  }
}
