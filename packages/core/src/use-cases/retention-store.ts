import type { TenantScope } from '../tenant-scope.ts';

/** How long a tenant keeps runs that have ended, in days; null = for ever. */
export interface RetentionStore {
  get(scope: TenantScope): Promise<number | null>;
  /** Workers look at once. `permits` is asked about what holds until then; stale: it said no, and nothing is changed. */
  set(scope: TenantScope, days: number | null, permits?: (current: number | null) => boolean): Promise<'set' | 'stale'>;
}
