import { type OwnLimits, ownLimits } from '@holdfast/contracts';
import type { Freeze, Installation, KeyDraft, TenantScope } from '@holdfast/core';
import { insertKey } from './key-store.ts';
import type { Connections } from './sql.ts';
import { type DatabaseRole, roleTransaction, type Scoped } from './tenant-scope.ts';

/** What only the owner of the tables may do. */
export class PostgresInstallation implements Installation {
  readonly #scoped: Scoped;
  readonly #connections: Connections;
  readonly #role: DatabaseRole | null;

  constructor(scoped: Scoped, connections: Connections, role: DatabaseRole | null) {
    this.#scoped = scoped;
    this.#connections = connections;
    this.#role = role;
  }

  createTenant(
    tenant: { readonly id: string; readonly name: string; readonly slots: number },
    key: KeyDraft,
  ): Promise<boolean> {
    const scope = { tenant: tenant.id };
    return this.#scoped.in(scope, async (sql) => {
      const made = await sql.query(
        'insert into holdfast.tenants (id, name, slots) values ($1, $2, $3) on conflict (name) do nothing returning id',
        [tenant.id, tenant.name, tenant.slots],
      );
      if (made.length === 0) return false;
      await insertKey(sql, scope, key);
      return true;
    });
  }

  async tenantByName(name: string): Promise<string | null> {
    const rows = await this.#asOwner<{ id: string }>('select id from holdfast.tenants where name = $1', [name]);
    return rows[0]?.id ?? null;
  }

  setLimits(
    name: string,
    changes: Readonly<Partial<Record<keyof OwnLimits, number | null>>>,
  ): Promise<OwnLimits | null> {
    return this.#connections.lend((sql) =>
      roleTransaction(sql, this.#role, async () => {
        const [row] = await sql.query<{ limits: string }>(
          'select limits from holdfast.tenants where name = $1 for update',
          [name],
        );
        if (row === undefined) return null;
        const all = { ...ownLimits.parse(JSON.parse(row.limits)), ...changes };
        const limits = Object.fromEntries(Object.entries(all).filter(([, number]) => number !== null));
        await sql.query('update holdfast.tenants set limits = $2 where name = $1', [name, JSON.stringify(limits)]);
        return ownLimits.parse(limits);
      }),
    );
  }

  async addKey(scope: TenantScope, key: KeyDraft): Promise<void> {
    await this.#scoped.in(scope, (sql) => insertKey(sql, scope, key));
  }

  installationId(): Promise<string> {
    return installationId(this.#connections, this.#role);
  }

  freeze(): Promise<{ id: string; tenants: number }> {
    return this.#connections.lend((sql) =>
      roleTransaction(sql, this.#role, async () => {
        const [row] = await sql.query<{ id: string; tenants: number }>(
          "select installation as id, tenants from holdfast.freeze('holdfast freeze was run')",
        );
        if (row === undefined) throw new Error('The database was not frozen.');
        return row;
      }),
    );
  }

  thaw(nothingLost: boolean): Promise<number> {
    return this.#connections.lend((sql) =>
      roleTransaction(sql, this.#role, async () => {
        const frozen = await sql.query<{ id: string }>(
          'select id from holdfast.tenants where frozen_at is not null for update',
        );
        for (const { id } of nothingLost ? [] : frozen) {
          await sql.query("select pg_catalog.set_config('hf.tenant', $1, true)", [id]);
          await sql.query(
            `insert into holdfast.due (kind, subject, tenant_id, at) values ('thaw', $1, $1, holdfast.now_ms())
             on conflict (kind, subject) do nothing`,
            [id],
          );
        }
        if (nothingLost) await sql.query('update holdfast.tenants set frozen_at = null where frozen_at is not null');
        await sql.query(
          `update holdfast.installation set frozen_at = null, frozen_because = null
           where not exists (select from holdfast.tenants where frozen_at is not null)`,
        );
        return frozen.length;
      }),
    );
  }

  #asOwner<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#connections.lend((sql) => roleTransaction(sql, this.#role, () => sql.query<Row>(text, values)));
  }
}

/** By which the installation differs from others. Every role may know it. */
export async function installationId(connections: Connections, role: DatabaseRole | null): Promise<string> {
  const [row] = await connections.lend((sql) =>
    roleTransaction(sql, role, () => sql.query<{ id: string }>('select id from holdfast.installation')),
  );
  if (row === undefined) throw new Error('The database has no installation id.');
  return row.id;
}

/** Since when nothing begins for the tenants of that time, and why; null = it is not frozen. Every role may know it. */
export async function freezeOf(connections: Connections, role: DatabaseRole | null): Promise<Freeze | null> {
  const [row] = await connections.lend((sql) =>
    roleTransaction(sql, role, () =>
      sql.query<Freeze>(
        `select frozen_at as at, coalesce(frozen_because, '') as because from holdfast.installation
         where frozen_at is not null`,
      ),
    ),
  );
  return row ?? null;
}

/** Every tenant there is. */
export async function tenantIds(connections: Connections, role: DatabaseRole | null): Promise<readonly string[]> {
  const rows = await connections.lend((sql) =>
    roleTransaction(sql, role, () => sql.query<{ id: string }>('select id from holdfast.tenants order by id')),
  );
  return rows.map(({ id }) => id);
}
