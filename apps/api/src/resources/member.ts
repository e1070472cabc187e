import type { MemberResource } from '@holdfast/contracts';
import type { Member } from '@holdfast/core';
import { iso, isoOrNull } from './time.ts';

export const memberResourceOf = (member: Member): MemberResource => ({
  id: member.id,
  kind: member.kind,
  issuer: member.issuer,
  subject: member.subject,
  name: member.name,
  email: member.email,
  roles: [...member.roles],
  disabled_at: isoOrNull(member.disabledAt),
  created_at: iso(member.createdAt),
  last_seen_at: iso(member.lastSeenAt),
});
