import type { OwnLimits, Role } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

/** A key that is to be made. */
export interface KeyDraft {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  /** ms since 1970; null = does not expire. */
  readonly expiresAt: number | null;
  /** Whose key it is; left out: nobody's but its own. */
  readonly member?: string | undefined;
}

/** Times are ms since 1970. */
export interface StoredKey extends KeyDraft {
  /** Of the secret before the last rotation, and until when it is good. */
  readonly previousHash: string | null;
  readonly previousUntil: number | null;
  readonly revokedAt: number | null;
  /** To the minute; null = never used. */
  readonly lastUsedAt: number | null;
  readonly createdAt: number;
}

/** A key as it is looked up for a request. */
export interface FoundKey extends StoredKey {
  /** `suspendedAt`: ms since 1970; null = it is not suspended. */
  readonly tenant: { readonly name: string; readonly suspendedAt: number | null };
  /** An admin has disabled the member to whom it belongs. */
  readonly memberDisabled: boolean;
}

export interface Rotation {
  readonly secretHash: string;
  /** Until then the secret that there was is good, too. */
  readonly previousUntil: number;
  readonly expiresAt: number | null;
}

/** API keys carry their tenant's id, so that the look-up itself runs inside the scope. */
export interface KeyStore {
  find(scope: TenantScope, id: string): Promise<FoundKey | null>;
  /** By id, which is by age; revoked ones too. */
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly StoredKey[]>;
  /** Whether there is such a member who is not disabled. */
  hasMember(scope: TenantScope, member: string): Promise<boolean>;
  add(scope: TenantScope, key: KeyDraft): Promise<StoredKey>;
  /** `to` is asked with the row locked, and may throw. null: there is no such key. */
  rotate(scope: TenantScope, id: string, to: (key: StoredKey) => Rotation): Promise<StoredKey | null>;
  /** `last-admin`: no other admin key is good at `now`, so that nobody could make keys any more; nothing is changed. */
  revoke(scope: TenantScope, id: string, now: number): Promise<'revoked' | 'revoked-before' | 'last-admin' | 'missing'>;
  /** Notes the minute (ms) unless a later one is noted. Never waits for a lock: what is lost here is lost. */
  used(scope: TenantScope, id: string, minute: number): Promise<void>;
}

/** Only for `init` and the first start: makes a tenant and its first key as the owner of the tables. */
export interface Installation {
  /** null when a tenant of that name exists. `slots` = runs at once. */
  createTenant(
    tenant: { readonly id: string; readonly name: string; readonly slots: number },
    key: KeyDraft,
  ): Promise<boolean>;
  tenantByName(name: string): Promise<string | null>;
  /** Changes numbers of its own; null = the installation's again. Returns those it has then; null: there is no such tenant. */
  setLimits(
    name: string,
    changes: Readonly<Partial<Record<keyof OwnLimits, number | null>>>,
  ): Promise<OwnLimits | null>;
  addKey(scope: TenantScope, key: KeyDraft): Promise<void>;
  /** Another after each restore. */
  installationId(): Promise<string>;
  /** Nothing begins for the tenants there are, until they are thawed; the installation gets another id. */
  freeze(): Promise<{ readonly id: string; readonly tenants: number }>;
  /** Leaves a row of kind `thaw` for each frozen tenant, or lets them go on at once. Returns how many there are. */
  thaw(nothingLost: boolean): Promise<number>;
}
