import type { HoldfastError } from '@holdfast/contracts';
import { effectiveRoles } from '../policies/permissions.ts';
import { hashSecret, parseKey, sameText } from './api-key.ts';
import type { Caller } from './caller.ts';
import type { KeyStore } from './key-store.ts';
import { refused } from './refused.ts';

/**
 * The caller behind an `Authorization` header. `now` is ms since 1970.
 * @throws HoldfastError `unauthenticated`, the same for no key, a malformed, an unknown and a wrong one; `key_expired`.
 */
export async function authenticate(keys: KeyStore, header: string | undefined, now: number): Promise<Caller> {
  const parsed = parseKey(/^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '');
  if (parsed === null) throw unauthenticated();
  const { tenant, id, secret } = parsed;
  const stored = await keys.find({ tenant }, id);
  const hash = hashSecret(secret);
  if (stored === null || !sameText(stored.secretHash, hash)) throw unauthenticated();
  if (stored.expiresAt !== null && now >= stored.expiresAt)
    throw refused('key_expired', 'This API key has expired. Ask an admin for a new one.');
  return { tenant, by: { type: 'api-key', id: stored.id, roles: effectiveRoles(stored.roles) } };
}

const unauthenticated = (): HoldfastError =>
  refused('unauthenticated', 'Send a valid API key: Authorization: Bearer hf_…');
