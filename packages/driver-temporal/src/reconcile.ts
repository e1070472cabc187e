import { type Clock, hasEnded, type RunDirectory } from '@holdfast/core';
import type { Client } from '@temporalio/client';
import type { TemporalSettings } from './temporal-settings.ts';
import { attributes, WORKFLOW } from './workflow/messages.ts';

export interface EndedExecution {
  readonly tenant: string;
  readonly run: string;
  readonly execution: string;
}

/** Younger ends are heard of otherwise: two leases, ms. */
const UNHEARD_MS = 10_000;

/**
 * Workflows that were ended in Temporal, past Holdfast, since `since` (ms since 1970), whose runs live. Looks at what
 * Temporal lists as ended alone, not at every run. A listing lags some seconds behind, so times must overlap.
 */
export async function* endedPastUs(
  client: Client,
  { directory, clock }: { readonly directory: Pick<RunDirectory, 'get'>; readonly clock: Clock },
  { taskQueue }: TemporalSettings,
  since: number,
): AsyncGenerator<EndedExecution, void, undefined> {
  const from = new Date(since).toISOString();
  const to = new Date(clock.now() - UNHEARD_MS).toISOString();
  const query =
    `WorkflowType = '${WORKFLOW}' and TaskQueue = '${taskQueue}' and ` +
    `ExecutionStatus in ('Terminated', 'Failed', 'TimedOut', 'Canceled') and CloseTime between '${from}' and '${to}'`;
  for await (const { workflowId: run, runId: execution, searchAttributes } of client.workflow.list({ query })) {
    const [tenant] = searchAttributes[attributes.tenant] ?? [];
    if (typeof tenant !== 'string') continue;
    const found = await directory.get({ tenant, run });
    if (found !== null && !hasEnded(found)) yield { tenant, run, execution };
  }
}
