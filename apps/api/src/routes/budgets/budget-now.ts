import type { Resource } from '../../http/route.ts';
import { budgetSettings } from '../../resources/budget.ts';

/** Without what runs have spent, which changes by itself. */
export const budgetNow: Resource<{ readonly name: string }> = async ({ budgets }, caller, { name }) => {
  const found = await budgets.get(caller, name);
  return found && budgetSettings(found);
};
