import type { BodyOf } from '@holdfast/contracts';
import type { CommandOf } from './command.ts';
import { events, type Handled, refuse } from './handled.ts';
import type { LiveRun } from './state.ts';

/** The run was asked for a later time; whoever claims it before lets go of it again. */
export const isEarly = ({ startAt }: LiveRun, now: number): boolean => startAt !== null && now < startAt;

/** No worker has begun it in time. */
export const hasExpired = ({ admitted, stop, expiresAt }: LiveRun, now: number): boolean =>
  !admitted && stop === null && expiresAt !== null && now >= expiresAt;

/** When the run ends if nothing else ends it: counted from its start, ms since 1970. */
export const deadlineOf = ({ createdAt, startAt, limits }: LiveRun): number =>
  Math.max(createdAt, startAt ?? createdAt) + limits.deadline_ms;

/** Nobody has begun the run by now; whoever begins it at the same moment may be first. */
export function expire(state: LiveRun, { at }: CommandOf<'expire'>): Handled {
  if (hasExpired(state, at)) return events(expired);
  return state.admitted || state.stop !== null || state.expiresAt === null
    ? refuse('run_begun', 'The run has begun, or ends otherwise.')
    : refuse('not_expired', `The run expires at ${state.expiresAt} (ms since 1970).`);
}

export const expired: BodyOf<'run.failed'> = {
  type: 'run.failed',
  data: { code: 'expired', detail: 'No worker began the run in time.', unresolved: [] },
};
