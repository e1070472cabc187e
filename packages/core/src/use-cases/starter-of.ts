import type { Actor } from '@holdfast/contracts';

/** What usage calls whoever started a run: the same for all keys of a member. */
export const starterOf = ({ type, id, member }: Actor): string => {
  if (member !== undefined) return `member:${member}`;
  return type === 'person' || type === 'service' ? `member:${id}` : `${type}:${id}`;
};
