import { type Clock, type LogPorts, type RunRef, speak } from '@holdfast/core';
import type { EngineLoss } from '@holdfast/contracts';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';

/** How an execution ended that should not have. */
const losses: Readonly<Partial<Record<string, EngineLoss>>> = {
  TERMINATED: 'terminated',
  FAILED: 'failed',
  TIMED_OUT: 'timed-out',
  CANCELLED: 'cancelled',
};

/**
 * The run is due and has no workflow under way: writes into its log what became of the last one. Says whether a new one
 * may be started; not when a person is asked now. A run that comes from another driver never had one.
 * @throws DatabaseUnavailable.
 */
export async function settleLoss(
  ports: LogPorts & { readonly clock: Clock },
  ref: RunRef,
  last: LastExecution | null,
): Promise<boolean> {
  const how = last === null ? undefined : losses[last.status];
  if (last === null || how === undefined) return true;
  const at = ports.clock.now();
  const spoken = await speak(ports, ref, { type: 'engine_lost', execution: last.execution, how, at });
  switch (spoken.type) {
    case 'accepted':
      return spoken.events.some((event) => event.type === 'engine.lost' && event.data.restarted);
    case 'refused':
      // It is known already, and the run is due all the same: a person let it go on, or it is to stop.
      return spoken.refusal.code !== 'run_ended';
    case 'missing':
      return false;
    case 'contended':
      throw new Error(`others speak to run ${ref.run} all the time`);
  }
}

export interface LastExecution {
  readonly execution: string;
  /** As the client of Temporal names it. */
  readonly status: string;
}

/** The run's newest workflow; null = it never had one, or Temporal has forgotten it. @throws ServiceError of Temporal. */
export async function lastExecution(client: Client, run: string): Promise<LastExecution | null> {
  try {
    const { runId, status } = await client.workflow.getHandle(run).describe();
    return { execution: runId, status: status.name };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
