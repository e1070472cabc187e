import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AdvancePorts,
  type Hold,
  type Holds,
  loadRun,
  type RunRef,
  type RunState,
  statusOf,
  type Take,
  waitingFor,
} from '@holdfast/core';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Advanced } from './workflow/messages.ts';

export interface AdvanceRunPorts extends AdvancePorts {
  readonly holds: Holds;
  /** Temporal has handed this run to this worker. */
  readonly handed: (run: string) => void;
  /** The run is no longer held here: there is room again. */
  readonly freed: (ended: boolean) => void;
}

/** From then on the run is let go at the next step, so that work is spread anew and no activity lasts for ever. */
const LONGEST_MS = 60_000;
const HEARTBEAT_MS = 1_000;
/** Pause before a run whose `advance` failed is taken again, ms. */
const AFTER_ERROR_MS = 1_000;

/**
 * One burst: takes the run, carries it until it waits or ends, and says how far. Each heartbeat tells the number of the
 * last event; once the activity is cancelled, the run is let go.
 * @throws ApplicationFailure `run_held` when a worker that lives has it; Temporal tries again.
 */
export async function advanceRun(ports: AdvanceRunPorts, ref: RunRef, context: Context): Promise<Advanced> {
  const { lease, holds, log, clock } = ports;
  ports.handed(ref.run);
  let take: Take = { type: 'claim' };
  for (;;) {
    const hold = holds.carry(ref, take);
    // An earlier attempt is letting go of it.
    if (hold === null) throw runHeld(ref);
    const ended = await carried(ports, hold, context).catch((error: unknown) => {
      log.error({ run_id: ref.run, err: error }, 'the run was given up; it is taken again');
      return 'failed' as const;
    });
    const state = hold.state();
    if (ended === 'released' && state !== null) return advanced(state, clock.now());
    if (ended === 'failed' && !holds.draining) {
      await sleep(AFTER_ERROR_MS);
      // The database still names this worker as the holder, so nobody else will take the run: cancelled or not.
      take = abandoned(lease.worker, clock.now());
      continue;
    }
    if (context.cancellationSignal.aborted) throw runHeld(ref);
    // It was not due, has ended, or another worker has it.
    const loaded = await loadRun(ports, ref);
    if (loaded === null) return deleted;
    const { state: found } = loaded.run;
    const holder = found.phase === 'ended' ? null : await lease.holderOf(ref);
    if (holder === null) return advanced(found, clock.now());
    const { worker: from, why, leaseUntil } = holder;
    if (why !== null) take = { type: 'take-over', from, why, leaseUntil };
    // An earlier attempt failed here and is gone.
    else if (from === lease.worker) take = abandoned(from, clock.now());
    else throw runHeld(ref);
  }
}

const abandoned = (worker: string, now: number): Take => ({
  type: 'take-over',
  from: worker,
  why: 'abandoned',
  leaseUntil: now,
});

async function carried({ freed }: AdvanceRunPorts, hold: Hold, context: Context): Promise<Awaited<Hold['done']>> {
  const longest = setTimeout(() => hold.letGo('ended'), LONGEST_MS);
  const beat = setInterval(() => context.heartbeat(hold.state()?.head ?? 0), HEARTBEAT_MS);
  // When this worker takes no more work, calls under way may end.
  const cancelled = (): void => hold.letGo(context.cancellationDetails?.workerShutdown === true ? 'ended' : 'aborted');
  context.cancellationSignal.addEventListener('abort', cancelled, { once: true });
  if (context.cancellationSignal.aborted) cancelled();
  try {
    return await hold.done;
  } finally {
    clearTimeout(longest);
    clearInterval(beat);
    context.cancellationSignal.removeEventListener('abort', cancelled);
    freed(hold.state()?.phase === 'ended');
  }
}

function advanced(state: RunState, now: number): Advanced {
  const waits = waitingFor(state, now);
  // What is due already is woken when it has its slot.
  const times = waits.flatMap(({ until }) => (until !== null && until > now ? [until] : []));
  return {
    seq: state.head,
    agent: state.version.agent,
    version: state.version.number,
    status: statusOf(state),
    waitingFor: [...new Set(waits.map(({ reason }) => reason))],
    until: times.length === 0 ? null : Math.min(...times),
    ended: state.phase === 'ended',
  };
}

const deleted: Advanced = {
  seq: 0,
  agent: '',
  version: 0,
  status: 'deleted',
  waitingFor: [],
  until: null,
  ended: true,
};

/** Without a stack: it goes into Temporal's history. */
function runHeld({ run }: RunRef): ApplicationFailure {
  const failure = ApplicationFailure.retryable(`run ${run} is held by a worker that lives`, 'run_held');
  failure.stack = '';
  return failure;
}
