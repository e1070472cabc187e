import type { Installation, KeyDraft, TenantScope } from '@holdfast/core';
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

  async addKey(scope: TenantScope, key: KeyDraft): Promise<void> {
    await this.#scoped.in(scope, (sql) => insertKey(sql, scope, key));
  }

  async installationId(): Promise<string> {
    const [row] = await this.#asOwner<{ id: string }>('select id from holdfast.installation', []);
    if (row === undefined) throw new Error('The database has no installation id.');
    return row.id;
  }

  #asOwner<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#connections.lend((sql) => roleTransaction(sql, this.#role, () => sql.query<Row>(text, values)));
  }
}

/** Every tenant there is. */
export async function tenantIds(connections: Connections, role: DatabaseRole | null): Promise<readonly string[]> {
  const rows = await connections.lend((sql) =>
    roleTransaction(sql, role, () => sql.query<{ id: string }>('select id from holdfast.tenants order by id')),
  );
  return rows.map(({ id }) => id);
}
