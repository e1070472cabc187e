import type { TenantScope } from '../tenant-scope.ts';

/** How long a tenant keeps runs that have ended, in days; null = for ever. */
export interface RetentionStore {
  get(scope: TenantScope): Promise<number | null>;
  /** Workers look at once. */
  set(scope: TenantScope, days: number | null): Promise<void>;
}
