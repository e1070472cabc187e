import type { FrozenTenants, TenantScope } from '@holdfast/core';
import type { Scoped } from './tenant-scope.ts';

export class PostgresFrozenTenants implements FrozenTenants {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async unmarked(scope: TenantScope, limit: number): Promise<readonly string[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<{ run_id: string }>('select run_id from holdfast.runs_to_mark($1)', [limit]),
    );
    return rows.map(({ run_id }) => run_id);
  }

  async thaw(scope: TenantScope): Promise<void> {
    await this.#scoped.in(scope, (sql) => sql.query('select holdfast.thaw_tenant()'));
  }
}
