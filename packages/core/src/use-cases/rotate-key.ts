import { newSecretOf } from './api-key.ts';
import type { Caller } from './caller.ts';
import type { KeyStore, StoredKey } from './key-store.ts';
import { refused } from './refused.ts';

export interface KeyRotation {
  readonly key: StoredKey;
  /** Shown once; only its hash is stored. */
  readonly text: string;
}

/**
 * Gives the key a new secret; the old one is good for `overlapMs` more, but never longer than it was, or than the new
 * one. `expiresInMs` = null leaves the key's end as it is.
 * @throws HoldfastError `key_not_found`, `key_ended`
 */
export async function rotateKey(
  keys: Pick<KeyStore, 'rotate'>,
  caller: Caller,
  id: string,
  { overlapMs, expiresInMs, now }: { overlapMs: number; expiresInMs: number | null; now: number },
): Promise<KeyRotation> {
  const { secretHash, text } = newSecretOf(caller.tenant, id);
  const key = await keys.rotate(caller, id, (old) => {
    const expiresAt = expiresInMs === null ? old.expiresAt : now + expiresInMs;
    if (old.revokedAt !== null) throw refused('key_ended', `The key ${id} was revoked. Make a new one.`);
    if (expiresAt !== null && expiresAt <= now)
      throw refused('key_ended', `The key ${id} has expired. Give expires_in, or make a new one.`);
    const ends = [now + overlapMs, old.expiresAt, expiresAt].filter((end) => end !== null);
    return { secretHash, previousUntil: Math.min(...ends), expiresAt };
  });
  if (key === null) throw refused('key_not_found', `There is no API key ${id}.`);
  return { key, text };
}
