import type { Role } from '@holdfast/contracts';
import type { KeyStore, StoredKey, TenantScope } from '@holdfast/core';
import { isUuid } from './ids.ts';
import type { Scoped } from './tenant-scope.ts';

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly roles: string;
  readonly secret_hash: string;
  readonly expires_at: number | null;
}

export class PostgresKeyStore implements KeyStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async find(scope: TenantScope, id: string): Promise<StoredKey | null> {
    if (!isUuid(scope.tenant) || !isUuid(id)) return null;
    const [row] = await this.#scoped.read<KeyRow>(
      scope,
      'select id, name, roles, secret_hash, expires_at from holdfast.api_keys where tenant_id = $1 and id = $2',
      [scope.tenant, id],
    );
    if (row === undefined) return null;
    const { name, secret_hash: secretHash, expires_at: expiresAt } = row;
    return { id: row.id, name, roles: JSON.parse(row.roles) as Role[], secretHash, expiresAt };
  }
}
