import { v7 as uuidv7 } from 'uuid';
import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import { refused } from '../use-cases/refused.ts';
import type { Budget, BudgetSpec, BudgetStore } from './budget-store.ts';

export interface SetBudgetStores {
  readonly budgets: BudgetStore;
}

/**
 * Makes the budget, or gives it other limits, inside a transaction. null: the version there is another than the expected
 * one. @throws HoldfastError `budget_fixed`.
 */
export async function setBudget(
  { budgets }: SetBudgetStores,
  scope: TenantScope,
  spec: BudgetSpec,
  expected: ExpectedVersion,
): Promise<Budget | null> {
  const found = await budgets.get(scope, spec.name);
  const fits = expected === null || (found !== null && (expected === 'any' || expected === found.version));
  if (!fits) return null;
  if (found !== null) checkSame(found, spec);
  const done =
    found === null
      ? await budgets.create(scope, uuidv7(), spec)
      : await budgets.change(scope, found.id, spec, found.version);
  // Somebody was quicker.
  if (!done) return expected === null ? setBudget({ budgets }, scope, spec, expected) : null;
  return budgets.get(scope, spec.name);
}

/** What was spent of it was counted for those. */
function checkSame(found: Budget, spec: BudgetSpec): void {
  if (found.agent === spec.agent && found.period === spec.period && found.timeZone === spec.timeZone) return;
  const whose = found.agent === null ? 'all runs' : `runs of ${found.agent}`;
  throw refused(
    'budget_fixed',
    `The budget ${spec.name} is for ${whose}, by ${found.period}, in ${found.timeZone}: agent, period and time zone stay. Take another name, or delete it first.`,
  );
}

/** @throws HoldfastError `validation_failed`, `agent_not_found`. */
export async function checkBudget(
  { agents }: { readonly agents: Pick<AgentVersions, 'get'> },
  scope: TenantScope,
  spec: BudgetSpec,
): Promise<void> {
  if (!isTimeZone(spec.timeZone))
    throw refused('validation_failed', `${spec.timeZone} is no time zone; write one such as Europe/Berlin or UTC.`, [
      { path: '/time_zone', message: 'is no time zone' },
    ]);
  if (spec.agent !== null && (await agents.get(scope, spec.agent)) === null)
    throw refused('agent_not_found', `There is no agent ${spec.agent}.`);
}

/** Not an offset such as +02:00, which Postgres reads the other way round. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
