import { type HoldfastError, isErrorCode, type RunEvent } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import { appendOf, fromOutside } from '../log/append-of.ts';
import { catchUp, extendBy, type LoadedRun, loadRun, type LogPorts } from '../log/loaded-run.ts';
import { statusOf } from '../log/projection.ts';
import type { Append, RunStore } from '../log/run-store.ts';
import type { Command, Refusal } from '../run/command.ts';
import { handle } from '../run/handle.ts';
import type { RunState } from '../run/state.ts';
import type { RunRef } from '../tenant-scope.ts';
import { refused } from './refused.ts';
import type { TransactionStores, Transactions } from './transactions.ts';

export interface SpeakPorts extends LogPorts {
  readonly transactions: Transactions;
  readonly clock: Clock;
}

/** The command, made from the state it is spoken to; asked again when the state has moved. May throw `HoldfastError`. */
export type Speech = (state: RunState, at: number) => Command;

/** A holder appends at each step, so somebody who only speaks now and then may lose the race; then it takes the lock. */
const FREE_ATTEMPTS = 3;
const LOCKED_ATTEMPTS = 5;

/**
 * Says something to a run from outside: loads and folds it, handles the command, appends what follows.
 * Returns the events, which are durable.
 * @throws HoldfastError `run_not_found`, or with the code of the rule that refuses; `run_busy` when the bound is reached.
 */
export async function speakToRun(ports: SpeakPorts, ref: RunRef, speech: Speech): Promise<readonly RunEvent[]> {
  return (await speakFreely(ports, ref, speech)) ?? speakUnderLock(ports, ref, speech);
}

/** null when somebody else was quicker each time. */
async function speakFreely(ports: SpeakPorts, ref: RunRef, speech: Speech): Promise<readonly RunEvent[] | null> {
  let run = (await loadRun(ports, ref))?.run;
  for (let attempt = 1; attempt <= FREE_ATTEMPTS; attempt += 1) {
    if (run === undefined) throw notFound(ref);
    const said = await attemptOn(ports, ports.runs, ref, run, speech);
    if (said !== null) return said;
    run = await catchUp(ports, ref, run);
  }
  return null;
}

async function speakUnderLock(ports: SpeakPorts, ref: RunRef, speech: Speech): Promise<readonly RunEvent[]> {
  for (let attempt = 1; attempt <= LOCKED_ATTEMPTS; attempt += 1) {
    const said = await ports.transactions.run(ref, (stores) => trySpeakInside(ports, stores, ref, speech));
    if (said !== null) return said;
  }
  throw busy(ref);
}

/** The same inside a transaction of the caller, which holds the row's lock until it ends. */
export async function speakInside(
  ports: Outside,
  stores: Inside,
  ref: RunRef,
  speech: Speech,
): Promise<readonly RunEvent[]> {
  const said = await trySpeakInside(ports, stores, ref, speech);
  if (said === null) throw busy(ref);
  return said;
}

/** What speaking inside a transaction takes beside its stores. */
type Outside = Pick<SpeakPorts, 'artifacts' | 'clock'>;
type Inside = Pick<TransactionStores, 'directory' | 'runs' | 'agents'>;

/** Reads by the transaction's own stores only: on PGlite a second connection would wait for ever. */
async function trySpeakInside(
  ports: Outside,
  stores: Inside,
  ref: RunRef,
  speech: Speech,
): Promise<readonly RunEvent[] | null> {
  if ((await stores.directory.lock(ref)) === null) throw notFound(ref);
  const inside: LogPorts = {
    runs: stores.runs,
    artifacts: ports.artifacts,
    versions: (scope, id) => stores.agents.versionById(scope, id),
  };
  const loaded = await loadRun(inside, ref);
  if (loaded === null) throw notFound(ref);
  return attemptOn(ports, stores.runs, ref, loaded.run, speech);
}

/**
 * What the speech comes to as the run stands now: to be appended like that, or not at all when the run has moved. null:
 * nothing follows from it. @throws HoldfastError as `speakToRun`.
 */
export async function preparedSpeech(
  ports: LogPorts & Pick<SpeakPorts, 'clock'>,
  ref: RunRef,
  speech: Speech,
): Promise<Append | null> {
  const loaded = await loadRun(ports, ref);
  if (loaded === null) throw notFound(ref);
  return (await follow(ports, ref, loaded.run, speech)).append;
}

/** null when the head has moved or the row is taken. */
async function attemptOn(
  ports: Outside,
  runs: RunStore,
  ref: RunRef,
  run: LoadedRun,
  speech: Speech,
): Promise<readonly RunEvent[] | null> {
  const { append, events } = await follow(ports, ref, run, speech);
  if (append === null) return [];
  const outcome = await runs.append(append);
  switch (outcome.type) {
    case 'accepted':
      return events;
    case 'refused': {
      // The commit was ours when the next event bears our id: its answer was lost on the way.
      const [next] = await runs.eventsAfter(ref, append.expected, 1);
      return next?.appendId === append.id ? events : null;
    }
    case 'busy':
      return null;
    case 'missing':
      throw notFound(ref);
    case 'not-yours':
      throw new Error('an append from outside takes nothing, so it cannot be another worker’s');
    case 'budgets-moved':
      throw new Error('an append from outside takes nothing of budgets');
  }
}

/** What follows from the speech; nothing may. @throws HoldfastError with the code of the rule that refuses it. */
async function follow(
  { artifacts, clock }: Outside,
  ref: RunRef,
  run: LoadedRun,
  speech: Speech,
): Promise<{ readonly append: Append | null; readonly events: readonly RunEvent[] }> {
  const at = clock.now();
  const handled = handle(run.state, speech(run.state, at));
  if ('refused' in handled) throw ruledOut(handled.refused, run.state);
  if (handled.events.length === 0) return { append: null, events: [] };
  const after = extendBy(run, handled.events, at);
  const append = await appendOf(artifacts, ref, run.state, after.run.state, after.events, at, fromOutside);
  return { append, events: after.events };
}

export const notFound = ({ run }: RunRef): HoldfastError => refused('run_not_found', `There is no run ${run}.`);

const busy = ({ run }: RunRef): HoldfastError =>
  refused('run_busy', `The run ${run} is changing too quickly; send the same request again.`);

/** A rule's refusal, with the state that it judged. A code that only workers can meet is a fault of ours. */
export const ruledOut = ({ code, message }: Refusal, state: RunState): HoldfastError =>
  refused(isErrorCode(code) ? code : 'internal', message, [], { run_status: statusOf(state) });
