import type { Clock } from '../clock.ts';
import type { LogPorts } from '../log/loaded-run.ts';
import { speak } from '../log/speak.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';
import type { WorkerBudgets } from './budget-store.ts';

/** Far longer than an append may take, ms: a claim that looked for budgets just before this one was made is in the log by then. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Tells runs under way of a new budget; all others find it when they are claimed. Looks twice: a claim may be on its way
 * that has not seen it. A run that has heard of it refuses to hear it again.
 */
export const tellHeldRuns =
  (ports: LogPorts & { readonly clock: Clock; readonly budgets: WorkerBudgets }): OutboxHandler =>
  async ({ tenant, subject }) => {
    const found = await ports.budgets.heldRuns({ tenant }, subject);
    if (found === null) return 'done';
    const at = ports.clock.now();
    const again = found.createdAt + LOOK_AGAIN_MS;
    for (const run of found.runs) {
      const spoken = await speak(ports, { tenant, run }, { type: 'budget_applies', at });
      if (spoken.type === 'contended') throw new Error(`the run ${run} is changing too quickly`);
    }
    return at < again ? { again } : 'done';
  };
