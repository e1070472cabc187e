import type { TenantScope } from '../tenant-scope.ts';
import type { SealedValue } from './secret-rows.ts';

/** What a sealed value is bound to: it opens nowhere else. */
export interface SecretPlace extends TenantScope {
  readonly name: string;
  readonly version: number;
}

/** Seals and opens values. It answers at once: it is asked inside transactions. */
export interface SecretCipher {
  /** @throws SecretUnreadable when there is no key to seal with. */
  seal(place: SecretPlace, value: string): SealedValue;
  /** @throws SecretUnreadable when the key is missing, or the row is not what was sealed. */
  open(place: SecretPlace, sealed: SealedValue): string;
}

/** A cipher whose key can be changed. Old keys go on opening what they sealed. */
export interface RotatingCipher extends SecretCipher {
  /** Makes a key that seals from now on, and drops keys that seal nothing. Returns the new key's id. */
  newKey(inUse: ReadonlySet<string>): string;
}

/** The value cannot be read or sealed. The message names the secret and what to look at, never the value. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable';
  readonly code = 'secret_unreadable';
}
