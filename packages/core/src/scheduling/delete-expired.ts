import type { Clock } from '../clock.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { OutboxHandler } from './outbox.ts';

/** Runs that a tenant has kept for long enough. */
export interface ExpiredRuns {
  /**
   * Deletes some of them, the oldest first, each with those below it: at most `runs` at the top, and no more once they
   * have `events`. Several workers may do it at once. `nextAt`: when the oldest that is left will be due, ms since 1970;
   * null = none has ended. Returns null where they are kept for ever.
   */
  delete(
    scope: TenantScope,
    limits: { readonly runs: number; readonly events: number },
  ): Promise<{ readonly runs: readonly string[]; readonly nextAt: number | null } | null>;
}

/** Small, so that nobody waits long for the database; on PGlite the whole process would. */
const BATCH = { runs: 25, events: 1_000 };
const LONGEST_PAUSE_MS = 3_600_000;
/** What is due and could not be deleted has a run below it that lives, or is another worker's. */
const HINDERED_MS = 60_000;

/** Rows of kind `retention`, whose subject is a tenant. */
export const deleteExpired =
  ({ expired, clock }: { readonly expired: ExpiredRuns; readonly clock: Clock }): OutboxHandler =>
  async ({ tenant }) => {
    const deleted = await expired.delete({ tenant }, BATCH);
    if (deleted === null) return 'done';
    const now = clock.now();
    const next = Math.min(deleted.nextAt ?? Number.POSITIVE_INFINITY, now + LONGEST_PAUSE_MS);
    return { again: deleted.runs.length > 0 ? Math.max(now, next) : Math.max(now + HINDERED_MS, next) };
  };
