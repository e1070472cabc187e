import type { OfferedBudget } from '../run/budgets.ts';
import type { TenantScope } from '../tenant-scope.ts';

export interface BudgetOffers {
  /**
   * The budgets of the tenant and of the agent in their present windows, in the order in which their rows are locked:
   * the tenant's first. @throws DatabaseUnavailable
   */
  offers(scope: TenantScope, agent: string): Promise<readonly OfferedBudget[]>;
}
