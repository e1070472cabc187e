import type { OwnLimits } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import { LeastRecentlyUsed } from '../least-recently-used.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { LimitStore } from './limit-store.ts';

const MOST = 10_000;
/** A change holds everywhere after this long. */
const FRESH_MS = 10_000;

/** Asked for each request, read once in ten seconds for each tenant. */
export function cachedOwnLimits(
  store: Pick<LimitStore, 'own'>,
  clock: Pick<Clock, 'monotonic'>,
): (scope: TenantScope) => Promise<OwnLimits> {
  const known = new LeastRecentlyUsed<{ readonly limits: OwnLimits; readonly until: number }>(MOST);
  return async (scope) => {
    const kept = known.get(scope.tenant);
    if (kept !== undefined && clock.monotonic() < kept.until) return kept.limits;
    const limits = await store.own(scope);
    known.set(scope.tenant, { limits, until: clock.monotonic() + FRESH_MS });
    return limits;
  };
}
