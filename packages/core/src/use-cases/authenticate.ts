import { HoldfastError } from '@holdfast/contracts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import { effectiveRoles } from '../policies/permissions.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { hashSecret, parseKey, sameText } from './api-key.ts';
import type { Caller } from './caller.ts';
import type { KeyStore, StoredKey } from './key-store.ts';
import { refused } from './refused.ts';

const MINUTE_MS = 60_000;

/**
 * The caller behind an `Authorization` header. `now` is ms since 1970. Asked for each request, so that a revoked key is
 * refused from the next one on.
 * @throws HoldfastError `unauthenticated`, the same for no key, a malformed, an unknown and a wrong one; `key_expired`;
 * `tenant_suspended`.
 */
export async function authenticate(
  keys: Pick<KeyStore, 'find' | 'used'>,
  header: string | undefined,
  now: number,
): Promise<Caller> {
  const parsed = parseKey(/^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '');
  if (parsed === null) throw unauthenticated();
  const { tenant, id, secret } = parsed;
  const stored = await keys.find({ tenant }, id);
  if (stored === null) throw unauthenticated();
  const ended = whyEnded(stored, hashSecret(secret), now);
  if (ended !== null) throw refused('key_expired', `This API key ${ended}. Ask an admin for a new one.`);
  if (stored.tenantSuspendedAt !== null) throw tenantSuspended();
  if (stored.lastUsedAt === null || now - stored.lastUsedAt >= MINUTE_MS) await noteUse(keys, { tenant }, id, now);
  const { member, name } = stored;
  const by = { type: 'api-key', id: stored.id, roles: effectiveRoles(stored.roles) } as const;
  return { tenant, by: { ...by, ...(member === undefined ? {} : { member }) }, name };
}

/** Whether such a request would be let in now; for what goes on after it was. */
export async function isLetIn(
  keys: Pick<KeyStore, 'find' | 'used'>,
  header: string | undefined,
  now: number,
): Promise<boolean> {
  try {
    await authenticate(keys, header, now);
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && (error.status === 401 || error.code === 'tenant_suspended')) return false;
    throw error;
  }
}

/** null: the secret is good. @throws HoldfastError `unauthenticated` */
function whyEnded(key: StoredKey, hash: string, now: number): string | null {
  const isCurrent = sameText(key.secretHash, hash);
  if (!isCurrent && (key.previousHash === null || !sameText(key.previousHash, hash))) throw unauthenticated();
  if (key.revokedAt !== null) return 'was revoked';
  if (key.expiresAt !== null && now >= key.expiresAt) return 'has expired';
  if (!isCurrent && now >= (key.previousUntil ?? 0)) return 'was rotated, and its old secret has expired';
  return null;
}

async function noteUse(keys: Pick<KeyStore, 'used'>, scope: TenantScope, id: string, now: number): Promise<void> {
  try {
    await keys.used(scope, id, now - (now % MINUTE_MS));
  } catch (error) {
    // A database that takes no writes can still be read.
    if (!(error instanceof DatabaseUnavailable)) throw error;
  }
}

/** Of a bearer who would be let in otherwise. */
export const tenantSuspended = (): HoldfastError =>
  refused('tenant_suspended', 'This tenant is suspended. Whoever runs the platform can resume it.');

const unauthenticated = (): HoldfastError =>
  refused('unauthenticated', 'Send a valid API key: Authorization: Bearer hf_…');
