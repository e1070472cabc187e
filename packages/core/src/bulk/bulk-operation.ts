import type { Actor } from '@holdfast/contracts';
import { hasEnded, type RunStatus } from '../log/run-store.ts';
import { derivedId } from '../run/derived-id.ts';
import type { RunFilter } from '../use-cases/run-directory.ts';

/** What is done to each run. */
export type BulkWork =
  | { readonly type: 'cancel' | 'pause'; readonly reason?: string | undefined }
  | { readonly type: 'resume' }
  | {
      readonly type: 'rerun' | 'fork';
      readonly changes: BulkChanges;
    };

/** What is another in the new runs than in their sources. */
export interface BulkChanges {
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface BulkError {
  readonly run: string;
  readonly code: string;
  readonly detail: string;
}

/** The same thing to many runs, newest first. Times in ms since 1970. */
export interface BulkOperation {
  readonly id: string;
  readonly work: BulkWork;
  readonly filter: RunFilter;
  /** In whose name it is done. */
  readonly by: Actor;
  readonly createdAt: number;
  readonly phase: 'counting' | 'working' | 'done' | 'cancelled';
  /** The last run that this phase has looked at; null at its begin. */
  readonly reached: string | null;
  readonly counted: number;
  readonly done: number;
  /** By the code of the refusal. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly errors: readonly BulkError[];
  /** Of the last step. */
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

/** What became of one run. */
export type BulkOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'skipped'; readonly code: string }
  | ({ readonly type: 'failed' } & BulkError);

const KEPT_ERRORS = 20;

export const newBulk = (
  asked: Pick<BulkOperation, 'id' | 'work' | 'filter' | 'by'>,
  createdAt: number,
): BulkOperation => ({
  ...asked,
  createdAt,
  phase: 'counting',
  reached: null,
  counted: 0,
  done: 0,
  skipped: {},
  failed: 0,
  errors: [],
  updatedAt: createdAt,
  endedAt: null,
});

/** The runs that it is about: not those that came later, so that it ends, and never meets the runs it makes. */
export const runsOf = ({ filter, createdAt }: BulkOperation): RunFilter => ({
  ...filter,
  createdBefore: Math.min(filter.createdBefore ?? Number.POSITIVE_INFINITY, createdAt + 1),
});

/** `next`: the last run that was looked at, or null when there are no more. */
export const counted = (bulk: BulkOperation, fitting: number, next: string | null, now: number): BulkOperation => ({
  ...bulk,
  counted: bulk.counted + fitting,
  phase: next === null ? 'working' : 'counting',
  reached: next,
  updatedAt: now,
});

/** `reached`: null when there are no more runs. */
export function worked(
  bulk: BulkOperation,
  outcomes: readonly BulkOutcome[],
  reached: string | null,
  now: number,
): BulkOperation {
  const skipped: Record<string, number> = { ...bulk.skipped };
  const errors = [...bulk.errors];
  let { done, failed } = bulk;
  for (const outcome of outcomes) {
    if (outcome.type === 'done') done += 1;
    else if (outcome.type === 'skipped') skipped[outcome.code] = (skipped[outcome.code] ?? 0) + 1;
    else {
      const { run, code, detail } = outcome;
      failed += 1;
      if (errors.length < KEPT_ERRORS) errors.push({ run, code, detail });
    }
  }
  const ended = reached === null;
  return {
    ...bulk,
    done,
    skipped,
    failed,
    errors,
    reached: reached ?? bulk.reached,
    phase: ended ? 'done' : 'working',
    updatedAt: now,
    endedAt: ended ? now : null,
  };
}

export const cancelled = (bulk: BulkOperation, now: number): BulkOperation => ({
  ...bulk,
  phase: 'cancelled',
  updatedAt: now,
  endedAt: now,
});

/** Nobody has taken a step between the two. */
export const sameStep = (one: BulkOperation, other: BulkOperation): boolean =>
  one.phase === other.phase && one.reached === other.reached && one.updatedAt === other.updatedAt;

export const skippedBy = ({ skipped }: BulkOperation): number =>
  Object.values(skipped).reduce((sum, count) => sum + count, 0);

/** While it is under way what was counted, or more: the states of runs change. At the end what it has looked at. */
export function matchedBy(bulk: BulkOperation): number {
  const seen = bulk.done + skippedBy(bulk) + bulk.failed;
  return bulk.phase === 'done' ? seen : Math.max(bulk.counted, seen);
}

/** The code of the refusal that the run's status alone foretells; null: it must be asked. */
export function foreseenRefusal(work: BulkWork, status: RunStatus): string | null {
  const ended = hasEnded({ status });
  switch (work.type) {
    case 'cancel':
    case 'resume':
      return ended ? 'run_ended' : null;
    case 'pause':
      if (status === 'paused') return 'run_already_paused';
      return ended ? 'run_ended' : null;
    case 'rerun':
    case 'fork':
      return ended || status === 'paused' ? null : 'run_live';
  }
}

/** Refusals that mean: there was nothing to do with this run. */
const skippable = new Set<string>([
  'run_ended',
  'run_stopping',
  'run_already_paused',
  'run_not_paused',
  'run_live',
  'run_not_found',
]);

export const outcomeOf = (run: string, code: string, detail: string): BulkOutcome =>
  skippable.has(code) ? { type: 'skipped', code } : { type: 'failed', run, code, detail: detail.slice(0, 500) };

/**
 * The id of the run that is made from `source`: whoever repeats a step that was not committed makes the same one. Its
 * time is that of the step before.
 */
export const bulkForkId = ({ id, updatedAt }: BulkOperation, source: string): string =>
  derivedId(updatedAt, id, source);
