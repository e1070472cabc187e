import type { Role } from '@holdfast/contracts';
import type { FoundKey, KeyDraft, KeyStore, Rotation, StoredKey, TenantScope } from '@holdfast/core';
import { isUuid } from './ids.ts';
import type { Sql } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly roles: string;
  readonly secret_hash: string;
  readonly previous_hash: string | null;
  readonly previous_until: number | null;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
  readonly created_at: number;
  readonly member_id: string | null;
}

const columns = `id, name, roles, secret_hash, previous_hash, previous_until, expires_at, revoked_at, last_used_at,
  created_at, member_id`;
const foundSql = `select ${columns},
    (select suspended_at from holdfast.tenants where id = tenant_id) as tenant_suspended_at
  from holdfast.api_keys where tenant_id = $1 and id = $2`;
const oneSql = `select ${columns} from holdfast.api_keys where tenant_id = $1 and id = $2`;

export class PostgresKeyStore implements KeyStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async find(scope: TenantScope, id: string): Promise<FoundKey | null> {
    if (!isUuid(scope.tenant) || !isUuid(id)) return null;
    const [row] = await this.#scoped.read<KeyRow & { readonly tenant_suspended_at: number | null }>(scope, foundSql, [
      scope.tenant,
      id,
    ]);
    return row === undefined ? null : { ...keyOf(row), tenantSuspendedAt: row.tenant_suspended_at };
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly StoredKey[]> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<KeyRow>(
        `select ${columns} from holdfast.api_keys
         where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
        [scope.tenant, after, limit],
      ),
    );
    return rows.map(keyOf);
  }

  async hasMember(scope: TenantScope, member: string): Promise<boolean> {
    const text = 'select exists (select from holdfast.members where tenant_id = $1 and id = $2) as there';
    const [row] = await this.#scoped.read<{ there: boolean }>(scope, text, [scope.tenant, member]);
    return row?.there === true;
  }

  add(scope: TenantScope, key: KeyDraft): Promise<StoredKey> {
    return this.#scoped.in(scope, (sql) => insertKey(sql, scope, key));
  }

  rotate(scope: TenantScope, id: string, to: (key: StoredKey) => Rotation): Promise<StoredKey | null> {
    return this.#scoped.in(scope, async (sql) => {
      const [held] = await sql.query<KeyRow>(`${oneSql} for update`, [scope.tenant, id]);
      if (held === undefined) return null;
      const { secretHash, previousUntil, expiresAt } = to(keyOf(held));
      const [row] = await sql.query<KeyRow>(
        `update holdfast.api_keys
         set secret_hash = $3, previous_hash = secret_hash, previous_until = $4, expires_at = $5
         where tenant_id = $1 and id = $2 returning ${columns}`,
        [scope.tenant, id, secretHash, previousUntil, expiresAt],
      );
      return row === undefined ? null : keyOf(row);
    });
  }

  revoke(
    scope: TenantScope,
    id: string,
    now: number,
  ): Promise<'revoked' | 'revoked-before' | 'last-admin' | 'missing'> {
    return this.#scoped.in(scope, async (sql) => {
      // All keys that could be the last admin, so that two who revoke each other's come one after the other.
      const held = await sql.query<KeyRow>(
        `select ${columns} from holdfast.api_keys
         where tenant_id = $1 and (id = $2 or revoked_at is null and roles like '%"admin"%') order by id for update`,
        [scope.tenant, id],
      );
      const keys = held.map(keyOf);
      const key = keys.find((one) => one.id === id);
      if (key === undefined) return 'missing';
      if (key.revokedAt !== null) return 'revoked-before';
      const admins = keys.filter((one) => isGoodAdmin(one, now));
      if (admins.length === 1 && admins[0] === key) return 'last-admin';
      await sql.query('update holdfast.api_keys set revoked_at = $3 where tenant_id = $1 and id = $2', [
        scope.tenant,
        id,
        now,
      ]);
      return 'revoked';
    });
  }

  async used(scope: TenantScope, id: string, minute: number): Promise<void> {
    await this.#scoped.in(scope, (sql) =>
      sql.query(
        `update holdfast.api_keys set last_used_at = $3
         where (tenant_id, id) in (
           select tenant_id, id from holdfast.api_keys
           where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3) for update skip locked)`,
        [scope.tenant, id, minute],
      ),
    );
  }
}

export async function insertKey(sql: Sql, scope: TenantScope, key: KeyDraft): Promise<StoredKey> {
  const [row] = await sql.query<KeyRow>(
    `insert into holdfast.api_keys (tenant_id, id, name, roles, secret_hash, expires_at, member_id)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
    [scope.tenant, key.id, key.name, JSON.stringify(key.roles), key.secretHash, key.expiresAt, key.member ?? null],
  );
  if (row === undefined) throw new Error('the key was not inserted');
  return keyOf(row);
}

const isGoodAdmin = ({ roles, revokedAt, expiresAt }: StoredKey, now: number): boolean =>
  roles.includes('admin') && revokedAt === null && (expiresAt === null || expiresAt > now);

const keyOf = (row: KeyRow): StoredKey => ({
  id: row.id,
  name: row.name,
  roles: JSON.parse(row.roles) as Role[],
  secretHash: row.secret_hash,
  previousHash: row.previous_hash,
  previousUntil: row.previous_until,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  lastUsedAt: row.last_used_at,
  createdAt: row.created_at,
  ...(row.member_id === null ? {} : { member: row.member_id }),
});
