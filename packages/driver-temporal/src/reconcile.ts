import type { Client } from '@temporalio/client';
import type { TemporalSettings } from './temporal-settings.ts';
import { attributes, WORKFLOW } from './workflow/messages.ts';

export interface EndedExecution {
  readonly tenant: string;
  readonly run: string;
  readonly execution: string;
}

/** Found in one look; what there is more of is found when its run is next to go on. */
const MOST = 200;
/**
 * Two leases, ms. A run that was handed to Temporal and not claimed for so long is handed over once more; younger ends of
 * workflows are heard of otherwise.
 */
export const UNHEARD_MS = 10_000;

/**
 * Workflows that were ended in Temporal, past Holdfast, since `since` (ms since 1970): what Temporal lists as ended alone,
 * not every run. A listing lags some seconds behind, so times must overlap.
 */
export async function endedPastUs(
  client: Client,
  { taskQueue }: TemporalSettings,
  since: number,
  now: number,
): Promise<readonly EndedExecution[]> {
  const from = new Date(since).toISOString();
  const to = new Date(now - UNHEARD_MS).toISOString();
  const query =
    `WorkflowType = '${WORKFLOW}' and TaskQueue = '${taskQueue}' and ` +
    `ExecutionStatus in ('Terminated', 'Failed', 'TimedOut', 'Canceled') and CloseTime between '${from}' and '${to}'`;
  const found: EndedExecution[] = [];
  for await (const listed of client.workflow.list({ query, pageSize: MOST })) {
    const [tenant] = listed.searchAttributes[attributes.tenant] ?? [];
    if (typeof tenant === 'string') found.push({ tenant, run: listed.workflowId, execution: listed.runId });
    if (found.length === MOST) break;
  }
  return found;
}
