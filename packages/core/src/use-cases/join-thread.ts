import { HoldfastError } from '@holdfast/contracts';
import type { NewRun } from '../log/run-store.ts';
import { cancel } from './cancel.ts';
import type { Caller } from './caller.ts';
import { refused } from './refused.ts';
import { speakInside, type SpeakPorts } from './speak.ts';
import type { TransactionStores } from './transactions.ts';

export type OnBusy = 'queue' | 'reject' | 'interrupt';

const LOOKS = 3;

/**
 * Gives a new run its place in its thread, in the transaction that is about to create it: it is the active one, or it
 * waits without being due until the append that ends the active run makes it due.
 * @throws HoldfastError `thread_not_found`, `thread_busy`, `run_busy`.
 */
export async function joinThread(
  ports: SpeakPorts,
  stores: TransactionStores,
  caller: Caller,
  run: NewRun,
  onBusy: OnBusy,
): Promise<NewRun> {
  const { thread } = run.attributes;
  if (thread === null) return run;
  // The row of a run is locked before its thread, as everywhere.
  const interrupted = onBusy === 'interrupt' ? await interrupt(ports, stores, caller, thread) : null;
  const active = await stores.threads.join(caller, thread, run.run);
  if (active === null) throw noThread(thread);
  const { projection } = run;
  if (active === run.run) {
    // Its turn has come: what it waits for is a worker, or its time.
    const waitingFor = projection.waitingFor.map((each) =>
      each.reason === 'thread' ? ({ ...each, reason: 'capacity' } as const) : each,
    );
    return { ...run, projection: { ...projection, waitingFor } };
  }
  if (onBusy === 'reject')
    throw refused('thread_busy', `The run ${active} is active in the thread ${thread}.`, [], { active_run: active });
  if (onBusy === 'interrupt' && active !== interrupted)
    throw refused('run_busy', `The thread ${thread} is changing too quickly; send the same request again.`);
  const waitingFor = [{ reason: 'thread', since: run.event.at, until: null, ref: active } as const];
  return { ...run, projection: { ...projection, waitingFor, dueAt: null } };
}

export const noThread = (thread: string): HoldfastError =>
  refused('thread_not_found', `There is no thread ${thread}. Make one first.`);

/** Cancels the active run; its row stays locked, so that it cannot end before the new run has its place. */
async function interrupt(
  ports: SpeakPorts,
  stores: TransactionStores,
  caller: Caller,
  thread: string,
): Promise<string | null> {
  for (let look = 0; look < LOOKS; look += 1) {
    const active = (await stores.threads.get(caller, thread))?.activeRun ?? null;
    if (active === null) return null;
    const ref = { tenant: caller.tenant, run: active };
    await stores.directory.lock(ref);
    if ((await stores.threads.get(caller, thread))?.activeRun !== active) continue;
    try {
      await speakInside(ports, stores, ref, cancel(caller, 'another run was started in its thread'));
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'run_stopping') throw error;
    }
    // One that had not begun has ended by this, and is no longer active.
    return (await stores.threads.get(caller, thread))?.activeRun ?? null;
  }
  return null;
}
