import type { Role } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  /** ms since 1970; null = does not expire. */
  readonly expiresAt: number | null;
}

/** API keys carry their tenant's id, so that the look-up itself runs inside the scope. */
export interface KeyStore {
  find(scope: TenantScope, id: string): Promise<StoredKey | null>;
}

/** Only for `init` and the first start: makes a tenant and its first key as the owner of the tables. */
export interface Installation {
  /** null when a tenant of that name exists. `slots` = runs at once. */
  createTenant(
    tenant: { readonly id: string; readonly name: string; readonly slots: number },
    key: StoredKey,
  ): Promise<boolean>;
  tenantByName(name: string): Promise<string | null>;
  addKey(scope: TenantScope, key: StoredKey): Promise<void>;
  /** Written once when the database was made. */
  installationId(): Promise<string>;
}
