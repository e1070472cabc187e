import type { Actor, ApprovalRule, DataOf } from '@holdfast/contracts';

/** Who must agree, as the open question says it. */
export interface Approvers {
  /** Whoever has it may decide; null = only those who are named. */
  readonly role: string | null;
  /** Members and API keys that may decide, by id. */
  readonly named: readonly string[];
  /** So many different people. */
  readonly count: number;
  /** Nobody who started the run at the top, or wrote the arguments. */
  readonly fourEyes: boolean;
}

const defaultRole = 'operator';

/** As the event keeps it: what says nothing is left out. */
export function askedOf({
  by,
  four_eyes,
}: ApprovalRule): Pick<DataOf<'approval.asked'>, 'role' | 'members' | 'keys' | 'count' | 'four_eyes'> {
  const { members, keys, count } = by;
  const isNamed = members !== undefined || keys !== undefined;
  return {
    role: by.role ?? (isNamed ? null : defaultRole),
    ...(members === undefined ? {} : { members: [...members] }),
    ...(keys === undefined ? {} : { keys: [...keys] }),
    ...(count > 1 ? { count } : {}),
    ...(four_eyes === true ? { four_eyes } : {}),
  };
}

export const approversOf = ({ role, members, keys, count, four_eyes }: DataOf<'approval.asked'>): Approvers => ({
  role,
  named: [...(members ?? []), ...(keys ?? [])],
  count: count ?? 1,
  fourEyes: four_eyes ?? false,
});

/** Who somebody is, whichever token or key they use: the member, or an API key that is no member's. */
export const personOf = ({ id, member }: Actor): string => member ?? id;

export const isSame = (left: Actor, right: Actor): boolean => personOf(left) === personOf(right);

/** Whoever is named; and whoever has the role, where the question is put to one: an admin has every role. */
export const mayDecide = ({ id, member, roles }: Actor, { role, named }: Approvers): boolean =>
  named.includes(id) ||
  (member !== undefined && named.includes(member)) ||
  (role !== null && roles.some((held) => held === role || held === 'admin'));

/** An admin may always say no, or a question to people who have left would stand open for ever. */
export const mayDeny = (by: Actor, approvers: Approvers): boolean =>
  mayDecide(by, approvers) || by.roles.includes('admin');

/** Who may not approve, though they may decide: they asked for the call, or have agreed already. */
export const barred = (
  { fourEyes }: Approvers,
  authors: readonly Actor[],
  given: readonly Actor[],
): readonly Actor[] => [...(fourEyes ? authors : []), ...given];
