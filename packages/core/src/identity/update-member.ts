import type { Role } from '@holdfast/contracts';
import { mayGive } from '../policies/permissions.ts';
import type { Caller } from '../use-cases/caller.ts';
import { refused } from '../use-cases/refused.ts';
import type { MemberRows } from './member-rows.ts';
import type { Member } from './member-store.ts';

export interface MemberSettings {
  /** All that are given here. */
  readonly roles: readonly Role[];
  readonly disabled: boolean;
}

export const memberSettingsOf = ({ roles, disabledAt }: Member): MemberSettings => ({
  roles,
  disabled: disabledAt !== null,
});

/**
 * Sets what is given here. In the caller's transaction. `permits` is asked about what holds until then; null: it said no.
 * @throws HoldfastError `member_not_found`, `forbidden` (a role that the caller may not give), `last_admin`.
 */
export async function updateMember(
  members: MemberRows,
  caller: Caller,
  id: string,
  { roles: wanted, disabled }: MemberSettings,
  now: number,
  permits: (current: MemberSettings) => boolean,
): Promise<Member | null> {
  const roles = [...new Set(wanted)];
  const held = await members.lock(caller, id, now);
  if (held === null) throw noMember(id);
  const { member, otherAdmin } = held;
  if (!permits(memberSettingsOf(member))) return null;
  const added = roles.filter((role) => !member.roles.includes(role));
  if (!mayGive(caller.by.roles, added))
    throw refused(
      'forbidden',
      `Your roles (${caller.by.roles.join(', ')}) do not include ${added.join(', ')}, so you may not give them.`,
    );
  const wasAdmin = member.roles.includes('admin') && member.disabledAt === null;
  const staysAdmin = roles.includes('admin') && !disabled;
  if (wasAdmin && !staysAdmin && !otherAdmin)
    throw refused('last_admin', `${id} is the last admin. Give the role to somebody else first, or make an admin key.`);
  const updated = await members.update(caller, id, { roles, disabled });
  if (updated === null) throw noMember(id);
  return updated;
}

export const noMember = (id: string): Error => refused('member_not_found', `There is no member ${id}.`);
