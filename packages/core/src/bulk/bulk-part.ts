import { HoldfastError } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../use-cases/caller.ts';
import { cancel } from '../use-cases/cancel.ts';
import { createFork, forkRun, placeFork, type PreparedFork } from '../use-cases/fork-run.ts';
import { pause } from '../use-cases/pause.ts';
import { resume } from '../use-cases/resume.ts';
import { preparedSpeech, speakInside, type Speech } from '../use-cases/speak.ts';
import {
  type BulkChanges,
  bulkForkId,
  type BulkOperation,
  type BulkOutcome,
  type BulkWork,
  outcomeOf,
} from './bulk-operation.ts';
import type { BulkPorts, BulkStores } from './bulk-ports.ts';

/** What is done to one run, in a transaction; false when the run has moved since, and nothing was done. */
export type BulkPart = (stores: BulkStores) => Promise<boolean>;

/** As the run stands now. A refusal is an outcome; what is nobody's refusal is thrown. */
export async function partOf(
  ports: BulkPorts,
  tenant: string,
  bulk: BulkOperation,
  run: string,
): Promise<BulkPart | BulkOutcome> {
  const { work } = bulk;
  const caller: Caller = { tenant, by: bulk.by };
  try {
    if ('changes' in work) {
      const fork = await preparedFork(ports, caller, bulk, run, work.changes);
      return (stores) => placeFork(stores, fork);
    }
    const append = await preparedSpeech(ports, { tenant, run }, speechOf(work, caller));
    return async (stores) => append === null || (await stores.runs.append(append)).type === 'accepted';
  } catch (error) {
    const outcome = refusalOf(run, error);
    if (outcome === null) throw error;
    return outcome;
  }
}

/** The same for a run that moves: what it says to it is said under the run's lock. @throws HoldfastError also inside. */
export async function partUnderLock(
  ports: BulkPorts,
  tenant: string,
  bulk: BulkOperation,
  run: string,
): Promise<(stores: BulkStores) => Promise<unknown>> {
  const { work } = bulk;
  const caller: Caller = { tenant, by: bulk.by };
  if ('changes' in work) {
    const fork = await preparedFork(ports, caller, bulk, run, work.changes);
    return (stores) => createFork(stores, fork);
  }
  return (stores) => speakInside(ports, stores, { tenant, run }, speechOf(work, caller));
}

/** null: nobody has refused anything; it did not work. */
export const refusalOf = (run: string, error: unknown): BulkOutcome | null =>
  error instanceof HoldfastError && error.status < 500 ? outcomeOf(run, error.code, error.message) : null;

function preparedFork(
  ports: BulkPorts,
  caller: Caller,
  bulk: BulkOperation,
  run: string,
  changes: BulkChanges,
): Promise<PreparedFork> {
  // A run that it makes is created after it, whatever the clocks of two processes say.
  const clock: Clock = {
    now: () => Math.max(ports.clock.now(), bulk.createdAt + 1),
    monotonic: () => ports.clock.monotonic(),
  };
  return forkRun({ ...ports, clock }, caller, run, changes, bulkForkId(bulk, run));
}

function speechOf(work: Exclude<BulkWork, { changes: unknown }>, caller: Caller): Speech {
  switch (work.type) {
    case 'cancel':
      return cancel(caller, work.reason);
    case 'pause':
      return pause(caller, work.reason);
    case 'resume':
      return resume(caller);
  }
}
