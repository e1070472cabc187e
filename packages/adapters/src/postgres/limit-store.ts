import { type OwnLimits, ownLimits, type QuotaName } from '@holdfast/contracts';
import type { LimitStore, TenantScope } from '@holdfast/core';
import type { Sql } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

const counted: Readonly<Record<QuotaName, string>> = {
  agents: 'holdfast.agents where tenant_id = $1',
  budgets: 'holdfast.budgets where tenant_id = $1',
  keys: `holdfast.api_keys where tenant_id = $1 and revoked_at is null
           and (expires_at is null or expires_at > holdfast.now_ms())`,
  schedules: 'holdfast.schedules where tenant_id = $1',
  // Not those that are gone, nor those that webhooks sign with.
  secrets: `holdfast.secrets where tenant_id = $1 and ciphertext is not null and name not like 'webhook:%'`,
  tool_servers: 'holdfast.tool_servers where tenant_id = $1',
  upload_megabytes: 'holdfast.uploads where tenant_id = $1 and expires_at > holdfast.now_ms()',
  webhooks: 'holdfast.webhooks where tenant_id = $1',
};

/** Where not the rows are counted, but what is in them. */
const measured: Readonly<Partial<Record<QuotaName, string>>> = {
  upload_megabytes: 'coalesce(sum(ceil(size / 1000000.0)), 0)',
};

const ownSql = 'select limits from holdfast.tenants where id = $1';

export class PostgresLimitStore implements LimitStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async own(scope: TenantScope): Promise<OwnLimits> {
    return ownOf(await this.#scoped.read<{ limits: string }>(scope, ownSql, [scope.tenant]));
  }

  count(scope: TenantScope, quota: QuotaName): Promise<{ readonly used: number; readonly own: number | null }> {
    return this.#scoped.in(scope, async (sql) => {
      // A statement of its own: the next one sees what was committed while this one waited.
      await sql.query('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [
        `quota ${quota} ${scope.tenant}`,
      ]);
      return { used: await count(sql, scope, quota), own: (await own(sql, scope))[quota] ?? null };
    });
  }
}

async function count(sql: Sql, { tenant }: TenantScope, quota: QuotaName): Promise<number> {
  const used = measured[quota] ?? 'count(*)';
  const [row] = await sql.query<{ used: number }>(`select ${used}::integer as used from ${counted[quota]}`, [tenant]);
  if (row === undefined) throw new Error('nothing was counted');
  return row.used;
}

const own = async (sql: Sql, { tenant }: TenantScope): Promise<OwnLimits> =>
  ownOf(await sql.query<{ limits: string }>(ownSql, [tenant]));

const ownOf = ([row]: readonly { readonly limits: string }[]): OwnLimits =>
  ownLimits.parse(JSON.parse(row?.limits ?? '{}'));
