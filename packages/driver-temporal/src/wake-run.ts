import type { PickedRun, RunRef, Take } from '@holdfast/core';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { TemporalSettings } from './temporal-settings.ts';
import type { carryRun } from './workflow/carry-run.ts';
import { attributes, type CarryRun, WAKE, WORKER_DEAD, WORKFLOW } from './workflow/messages.ts';

export interface StartPorts {
  readonly client: Client;
  readonly settings: TemporalSettings;
  /** The address of a run's page; null where none is configured. */
  readonly page: (run: string) => string | null;
}

/** Says to the run's workflow that it should look at the log. False: there is none. @throws ServiceError of Temporal. */
export async function wakeRun(client: Client, { run }: RunRef, take: Take): Promise<boolean> {
  const workflow = client.workflow.getHandle(run);
  try {
    await (take.type === 'claim' ? workflow.signal(WAKE) : workflow.signal(WORKER_DEAD, take.from));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Starts the run's workflow; one that is there already is woken. @throws ServiceError of Temporal. */
export async function startWorkflow(
  ports: StartPorts,
  { tenant, run, agent }: RunRef & Partial<PickedRun>,
): Promise<void> {
  const { client, settings, page } = ports;
  const start: CarryRun = {
    tenant,
    run,
    page: page(run),
    advanceTaskQueue: settings.advanceTaskQueue === settings.taskQueue ? null : settings.advanceTaskQueue,
  };
  try {
    await client.workflow.start<typeof carryRun>(WORKFLOW, {
      workflowId: run,
      taskQueue: settings.taskQueue,
      args: [start],
      // A run whose workflow has ended before its time goes on in a new one.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      requestEagerStart: true,
      staticSummary: agent === undefined ? `run ${run}` : `agent ${agent}`,
      ...(start.page === null ? {} : { staticDetails: `[The run in Holdfast](${start.page})` }),
      searchAttributes: {
        [attributes.tenant]: [tenant],
        ...(agent === undefined ? {} : { [attributes.agent]: [agent] }),
        [attributes.status]: ['running'],
      },
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await client.workflow.getHandle(run).signal(WAKE);
  }
}
