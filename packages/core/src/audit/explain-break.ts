import type { AuditHead, AuditRow } from './audit-log.ts';

/**
 * `number`: the first line with which something is wrong. `found`: what stands there instead, for people. `lines`: how
 * many before it were followed.
 */
export interface BrokenChain {
  readonly type: 'broken';
  readonly lines: number;
  readonly number: number;
  readonly problem: 'changed' | 'removed' | 'inserted' | 'reordered' | 'checkpoint-forged';
  readonly found: string;
}

export type Break = Omit<BrokenChain, 'lines'>;

/** Rows that are looked at to tell what happened to the one that does not fit. */
export const LOOK_AHEAD = 50;

type Hash = (previous: string, row: Omit<AuditRow, 'hash'>) => string;

/**
 * Why the first of these rows does not follow on `reached`: each was hashed under its own number and the hash before it,
 * so a row that is genuine betrays where it stood. `before`: the link before `reached`.
 */
export function explainBreak(
  hash: Hash,
  reached: AuditHead,
  before: AuditHead | null,
  ahead: readonly AuditRow[],
): Break {
  const number = reached.number + 1;
  const [row, next] = ahead;
  if (row === undefined) throw new Error('a break needs a row');
  const broken = (problem: BrokenChain['problem'], found: string, at = number): Break => ({
    type: 'broken',
    number: at,
    problem,
    found,
  });
  const stoodAt = (one: AuditRow, place: number, previous: string): boolean =>
    one.hash === hash(previous, { ...one, number: place });

  if (row.number < number)
    return broken('inserted', `line ${row.number} a second time, after line ${reached.number}`, row.number);
  if (stoodAt(row, number, reached.hash)) return broken('changed', `this line under the number ${row.number}`);
  const genuine = ahead.findIndex((one) => stoodAt(one, number, reached.hash));
  if (genuine > 0) {
    const place = placeOf(ahead, genuine, number, stoodAt);
    return place === null
      ? broken('inserted', `${told(row)}, which is none of the chain, before the line that was written as ${number}`)
      : broken('reordered', `the line that was written as ${place}: ${told(row)}`);
  }
  if (before !== null && stoodAt(row, reached.number, before.hash))
    return broken(
      'inserted',
      `a line that is none of the chain, before the one that was written as ${reached.number}`,
      reached.number,
    );
  if (row.number > number)
    return broken('removed', `line ${row.number}: ${row.number - number} lines before it are not there`);
  for (let shift = 1; next !== undefined && shift < LOOK_AHEAD; shift += 1)
    if (stoodAt(next, number + 1 + shift, row.hash))
      return broken('removed', `the line that was written as ${number + shift}: ${told(row)}`);
  return broken(
    'changed',
    `${told(row)} with the hash ${row.hash}, which does not follow from line ${reached.number} and this text`,
  );
}

/** Where the first row stood, found by following the chain from the one that is genuine; null = nowhere near. */
function placeOf(
  ahead: readonly AuditRow[],
  genuine: number,
  number: number,
  stoodAt: (row: AuditRow, place: number, previous: string) => boolean,
): number | null {
  const left = new Set(ahead.filter((_, index) => index !== genuine));
  let previous = ahead[genuine]?.hash ?? '';
  for (let place = number + 1; ; place += 1) {
    const following = [...left].find((row) => stoodAt(row, place, previous));
    if (following === undefined) return null;
    if (following === ahead[0]) return place;
    left.delete(following);
    previous = following.hash;
  }
}

const told = ({ operation, target, actor }: AuditRow): string => `${operation} of ${target} by ${actor}`;
