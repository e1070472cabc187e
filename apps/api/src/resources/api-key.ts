import type { KeyResource } from '@holdfast/contracts';
import type { StoredKey } from '@holdfast/core';
import { iso } from './time.ts';

const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

export const keyResourceOf = (key: StoredKey): KeyResource => ({
  id: key.id,
  name: key.name,
  roles: [...key.roles],
  member: key.member ?? null,
  created_at: iso(key.createdAt),
  expires_at: isoOrNull(key.expiresAt),
  last_used_at: isoOrNull(key.lastUsedAt),
  previous_until: isoOrNull(key.previousUntil),
  revoked_at: isoOrNull(key.revokedAt),
});
