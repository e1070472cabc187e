import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { BudgetStore } from './budget-store.ts';

/** What was spent of it is forgotten, and whoever waits for it goes on. */
export async function deleteBudget(
  { budgets }: { readonly budgets: BudgetStore },
  scope: TenantScope,
  name: string,
  expected: ExpectedVersion,
): Promise<'deleted' | 'missing' | 'mismatch'> {
  const found = await budgets.get(scope, name);
  if (found === null) return 'missing';
  if (typeof expected === 'number' && expected !== found.version) return 'mismatch';
  if (await budgets.delete(scope, found.id, found.version)) return 'deleted';
  // Somebody was quicker.
  return deleteBudget({ budgets }, scope, name, expected);
}
