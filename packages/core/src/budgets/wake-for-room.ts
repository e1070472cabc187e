import type { Clock } from '../clock.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';
import type { WorkerBudgets } from './budget-store.ts';

/** How long a run may wait for room that another was woken for and did not take, ms. The append writes the same. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Looks at a budget for as long as runs wait for it. Who returns something wakes as many as there is room for; but a run
 * that was woken may be paused, or stopped, or short of another budget.
 */
export const wakeForRoom =
  ({ budgets, clock }: { readonly budgets: WorkerBudgets; readonly clock: Clock }): OutboxHandler =>
  async ({ tenant, subject }) =>
    (await budgets.wake({ tenant }, subject)) ? { again: clock.now() + LOOK_AGAIN_MS } : 'done';
