import type { TenantScope } from '../tenant-scope.ts';

/** All about a secret but its value. Times are ms since 1970. */
export interface SecretSummary {
  readonly name: string;
  /** Grows with each new value, also when the name was deleted in between. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A value as it is stored: encrypted, each part base64. */
export interface SealedValue {
  readonly keyId: string;
  readonly nonce: string;
  readonly ciphertext: string;
}

export interface SealedSecret extends SealedValue {
  readonly name: string;
  readonly version: number;
}

/** Which version must be there for a change to happen: that one, any, or as it comes (null). */
export type ExpectedVersion = number | 'any' | null;

/** Where sealed values lie. The API writes them, workers read them. */
export interface SecretRows {
  /** By name, in pages. */
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly SecretSummary[]>;
  get(scope: TenantScope, name: string): Promise<SecretSummary | null>;
  /** Those of the names that exist. */
  read(scope: TenantScope, names: readonly string[]): Promise<readonly SealedSecret[]>;
  /** `seal` is told the version that the value gets. null: the version there is another than the expected one. */
  put(
    scope: TenantScope,
    name: string,
    expected: ExpectedVersion,
    seal: (version: number) => SealedValue,
  ): Promise<SecretSummary | null>;
  delete(scope: TenantScope, name: string, expected: ExpectedVersion): Promise<'deleted' | 'missing' | 'mismatch'>;
}

/** For the change of the key that seals: every secret of the installation, by the owner of the tables. */
export interface SealedPages {
  /** Ids of the keys that seal anything. */
  keysInUse(): Promise<ReadonlySet<string>>;
  /**
   * Seals some of what is not sealed with `keyId` anew, each in its tenant. Returns how many; fewer than `limit` means
   * that nothing is left.
   */
  reseal(
    keyId: string,
    limit: number,
    seal: (scope: TenantScope, secret: SealedSecret) => SealedValue,
  ): Promise<number>;
}
