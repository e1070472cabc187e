import type { OwnLimits, QuotaName } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

/** Numbers that hold for one tenant, and how much it has of what is counted. */
export interface LimitStore {
  /** What differs from the installation's. */
  own(scope: TenantScope): Promise<OwnLimits>;
  /**
   * How many there are now of what one quota counts, and the tenant's own number. Inside a transaction, others that count the same wait until it ends: nobody counts what is
   * about to be there, or counts past it.
   */
  count(scope: TenantScope, quota: QuotaName): Promise<{ readonly used: number; readonly own: number | null }>;
}
