import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { describeRun, searchAttributesOf } from './describe-run.ts';
import { type Advanced, type CarryRun, type RunActivities, WAKE, WORKER_DEAD } from './messages.ts';

const wake = defineSignal(WAKE);
const workerDead = defineSignal<[string]>(WORKER_DEAD);

/** What is due is woken by Holdfast; the timer is for when that word is lost. */
const TIMER_GRACE_MS = 2_000;
const MOST_HISTORY_EVENTS = 5_000;

const control = proxyActivities<Pick<RunActivities, 'cancelRun'>>({ startToCloseTimeout: '30s' });
const burst = (queue: string | null, summary: string): Pick<RunActivities, 'advance'> =>
  proxyActivities({
    summary,
    ...(queue === null ? {} : { taskQueue: queue }),
    // A call may last for as long as its tool allows; a worker's death is noticed by the heartbeats.
    startToCloseTimeout: '30d',
    heartbeatTimeout: '5s',
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    // Only of what is no rule of the run: no worker, no database, another holder. Retries of calls are in the log.
    retry: { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '5s' },
  });

/** Carries one run from wait to wait. The log is the truth: whatever wakes the workflow only says to look at it. */
export async function carryRun(start: CarryRun): Promise<void> {
  const { tenant, run } = start;
  let woken = start.last === undefined;
  let last: Advanced | null = start.last ?? null;
  let attempt: CancellationScope | null = null;
  const dead = new Set<string>();
  setHandler(wake, () => void (woken = true));
  setHandler(workerDead, (worker) => {
    if (!dead.has(worker)) attempt?.cancel();
    dead.add(worker);
    woken = true;
  });
  const root = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    let cancelling = Promise.resolve();
    root.cancelRequested.catch(() => (cancelling = control.cancelRun({ tenant, run })));
    for (;;) {
      if (woken) {
        woken = false;
        setCurrentDetails(describeRun(start, last, 'carried'));
        attempt = new CancellationScope();
        try {
          const { advance } = burst(
            start.advanceTaskQueue,
            last === null ? 'begins' : `goes on after event ${last.seq}`,
          );
          last = await attempt.run(() => advance({ tenant, run }));
        } catch (error) {
          if (!isCancellation(error)) throw error;
          // The worker died: at once on another.
          woken = true;
          continue;
        } finally {
          attempt = null;
        }
        upsertSearchAttributes(searchAttributesOf(last));
        setCurrentDetails(describeRun(start, last, 'waits'));
        if (last.ended) return;
      } else if (workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > MOST_HISTORY_EVENTS) {
        // The new execution knows nothing of it.
        await cancelling;
        await continueAsNew<typeof carryRun>(last === null ? start : { ...start, last });
      } else if (last === null || last.until === null) {
        await condition(() => woken);
      } else {
        const ms = Math.max(1, last.until - Date.now()) + TIMER_GRACE_MS;
        if (!(await condition(() => woken, ms, { summary: `waits for ${last.waitingFor.join(', ')}` }))) woken = true;
      }
    }
  });
}
