import { type LogPorts, type RunRef, speak } from '@holdfast/core';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type AdvanceRunPorts, advanceRun } from './advance-run.ts';
import type { RunActivities } from './workflow/messages.ts';

export type ActivityPorts = AdvanceRunPorts & LogPorts;

/** What the workflow calls. What they throw is logged here and goes to Temporal as a word alone: its history is no place for texts. */
export function createActivities(ports: ActivityPorts): RunActivities {
  const told = async <T>(ref: RunRef, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      ports.log.error({ run_id: ref.run, err: error }, 'an activity failed; Temporal tries it again');
      const failure = ApplicationFailure.retryable('the worker failed; see its log', 'worker_failed');
      failure.stack = '';
      throw failure;
    }
  };
  return {
    advance: (ref) => told(ref, () => advanceRun(ports, ref, Context.current())),
    cancelRun: (ref) => told(ref, () => cancelRun(ports, ref)),
  };
}

/** Somebody cancelled the workflow in Temporal. */
async function cancelRun(ports: ActivityPorts, ref: RunRef): Promise<void> {
  const by = { type: 'system', id: 'temporal', roles: [] } as const;
  const reason = 'its workflow was cancelled in Temporal';
  const spoken = await speak(ports, ref, { type: 'cancel', by: { ...by, roles: [] }, reason, at: ports.clock.now() });
  if (spoken.type === 'contended') throw new Error('others speak to the run all the time');
}
