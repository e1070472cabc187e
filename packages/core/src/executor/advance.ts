import { childRuns } from '../children/child-runs.ts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import type { DataOf } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import { appendOf, type Holding } from '../log/append-of.ts';
import { NewerEvent } from '../log/event-codec.ts';
import { catchUp, type LoadedRun, loadRun, type LogPorts } from '../log/loaded-run.ts';
import type { Append } from '../log/run-store.ts';
import { speak } from '../log/speak.ts';
import { nextTime } from '../run/attention.ts';
import type { BudgetNeed } from '../run/budgets.ts';
import type { Command } from '../run/command.ts';
import type { PriceList } from '../run/price-list.ts';
import { openCalls, type RunState } from '../run/state.ts';
import type { DeadWorker, WorkerLease } from '../scheduling/schedule-store.ts';
import type { Redaction } from '../secrets/redaction.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { BudgetOffers } from './budget-offers.ts';
import { commit, type Committed } from './commit.ts';
import type { Deltas } from './deltas.ts';
import type { ExecutorMetrics, Log } from './log.ts';
import { Mailbox } from './mailbox.ts';
import type { Model } from './model.ts';
import { OpenCalls } from './open-calls.ts';
import { patiently } from './patiently.ts';
import { type Plan, plan } from './plan.ts';
import { loadInThread } from './load-in-thread.ts';
import { Snapshots } from './snapshots.ts';
import type { Tools } from './tools.ts';

export interface AdvancePorts extends LogPorts {
  /** Which versions a child may call in turn. */
  readonly agents: AgentVersions;
  readonly budgets: BudgetOffers;
  /** What models cost as it stands. @throws DatabaseUnavailable */
  readonly prices: () => Promise<PriceList>;
  readonly model: Model;
  readonly tools: Tools;
  readonly deltas: Pick<Deltas, 'publish'>;
  /** What comes back from model and tools passes through it. */
  readonly redaction: Redaction;
  readonly clock: Clock;
  readonly lease: WorkerLease;
  readonly log: Log;
  readonly metrics: ExecutorMetrics;
  /** How long results are kept and tried again while the database is away, ms. */
  readonly patienceMs: number;
}

/** How the run came to this worker: it is due, or its holder is dead. */
export type Take =
  | { readonly type: 'claim' }
  | {
      readonly type: 'take-over';
      readonly from: string;
      readonly why: DeadWorker['why'] | 'abandoned';
      readonly leaseUntil: number;
    };

/** The holder's side of a run, for whoever drives it. */
export interface Hold {
  /** The log has grown to `head`; left out: look up, whatever was read. */
  nudge(head?: number): void;
  /** Nothing new begins, and when the calls under way have ended the run is let go; those that may be `aborted` are. */
  letGo(calls: 'ended' | 'aborted'): void;
  /** It was asked to make room, and does. */
  parting(): boolean;
  /** As of its last append; null = it was not taken yet. */
  state(): RunState | null;
  /** Resolves when the run was let go or lost. */
  readonly done: Promise<'released' | 'lost' | 'not-yours'>;
}

/**
 * Carries one run from wait to wait: takes it, performs what `decide` returns, and appends each outcome together with
 * the intents that follow from it. With nothing under way it lets go.
 * `drain`: once aborted, nothing new begins; whoever aborts it nudges, too.
 * `parts`: asked between two steps, when no call is under way: whether the run lets go to make room for others.
 */
export function advance(
  ports: AdvancePorts,
  ref: RunRef,
  take: Take,
  drain: AbortSignal,
  parts: () => boolean = () => false,
): Hold {
  const mailbox = new Mailbox();
  const nudge = (head = Number.POSITIVE_INFINITY): void => mailbox.nudge(head);
  const progress: Progress = { state: null, lettingGo: false, parting: false, calls: null };
  const done = carry(ports, ref, take, drain, parts, mailbox, progress);
  return {
    nudge,
    letGo: (calls) => {
      progress.lettingGo = true;
      if (calls === 'aborted') progress.calls?.letGo();
      nudge();
    },
    parting: () => progress.parting,
    state: () => progress.state,
    done,
  };
}

interface Progress {
  state: RunState | null;
  lettingGo: boolean;
  parting: boolean;
  calls: OpenCalls | null;
}

async function carry(
  ports: AdvancePorts,
  ref: RunRef,
  take: Take,
  drain: AbortSignal,
  parts: () => boolean,
  mailbox: Mailbox,
  progress: Progress,
): Promise<'released' | 'lost' | 'not-yours'> {
  const { clock, lease } = ports;
  // A log that a newer release has gone on with is left to a worker of that.
  const loaded = await loadInThread(ports, ref).catch((error: unknown) => {
    if (error instanceof NewerEvent) return null;
    throw error;
  });
  if (loaded === null || loaded.run.state.phase !== 'live') return 'not-yours';
  let { run } = loaded;
  let taking: Take | null = take;
  let outcomes: readonly Command[] = [takingCommand(take, lease.worker, clock.now(), loaded)];
  let held = true;
  const calls = new OpenCalls(ports, ref, (outcome) => (held ? mailbox.put(outcome) : late(ports, ref, outcome)));
  progress.calls = calls;
  const snapshots = new Snapshots(ports, ref, run.state.head);
  const draining = (): boolean => drain.aborted || progress.lettingGo || progress.parting;
  try {
    for (;;) {
      const prices = await patiently(ports, ports.prices);
      let next = plan(run, outcomes, clock.now(), draining() ? 'ends' : 'all', prices);
      if (taking === null && !draining() && next.starts.length > 0 && parts()) {
        const last = plan(run, outcomes, clock.now(), 'ends', prices);
        if (isIdle(last.run.state) && last.need === null) [next, progress.parting] = [last, true];
      }
      // With no call under way the run is let go; it is held only while there is something to wait for.
      const release = isIdle(next.run.state) && next.need === null;
      const lapses = lease.lapses();
      const committed = await append(ports, ref, run, next, { worker: lease.worker, take: taking, release });
      switch (committed.type) {
        case 'not-yours':
          return 'not-yours';
        case 'refused':
          // Somebody spoke, or another worker took the run. The outcomes are kept for what is there now.
          run = await patiently(ports, () => catchUp(ports, ref, run));
          if (isLost(run, taking, lease.worker)) return 'lost';
          continue;
        case 'budgets-moved':
          outcomes = outcomes.filter(({ type }) => type !== 'allowance_offered');
          continue;
        case 'went-back': {
          // The database acknowledged events that it no longer has: nothing goes on before a person has looked.
          const { found } = committed;
          ports.log.error({ run_id: ref.run, expected: run.state.head, found }, 'the log went back');
          const report: Command = { type: 'log_went_back', expected: run.state.head, found, at: clock.now() };
          const reloaded = await loadRun(ports, ref);
          if (reloaded === null) return 'lost';
          if (isLost(reloaded.run, taking, lease.worker)) {
            // This worker's own claim is among what is gone.
            await speak(ports, ref, report);
            return 'lost';
          }
          run = reloaded.run;
          outcomes = [report, ...outcomes];
          continue;
        }
        case 'accepted':
          break;
      }
      run = next.run;
      progress.state = run.state;
      outcomes = [];
      if (taking !== null) tellTaken(ports, ref, taking);
      taking = null;
      if (run.state.phase === 'ended') ports.log.info({ run_id: ref.run, status: run.state.status }, 'the run ended');
      for (const { command } of next.refused) late(ports, ref, command);
      for (const action of next.starts) calls.start(action, run, lapses);
      for (const call of next.aborts) calls.abort(call);
      if (next.need !== null) {
        outcomes = [await offered(ports, ref, run, next.need)];
        continue;
      }
      if (release && next.events.length === 0) {
        // What changed while it asked for an allowance has left nothing to write, and only an append lets go.
        const { worker } = lease;
        const at = clock.now();
        taking = { type: 'take-over', from: worker, why: 'abandoned', leaseUntil: at };
        outcomes = [{ type: 'take_over', worker, from: worker, why: 'abandoned', lease_until: at, at }];
        continue;
      }
      if (release) return 'released';
      snapshots.consider(run);
      const time = draining() ? lastTime(run.state) : nextTime(run.state);
      const timeout = time === null ? null : Math.max(0, time - clock.now());
      const mail = await mailbox.next(timeout, run.state.head);
      outcomes = mail.commands;
      if (!mail.nudged) continue;
      run = await patiently(ports, () => catchUp(ports, ref, run));
      if (isLost(run, taking, lease.worker)) return 'lost';
    }
  } finally {
    held = false;
    calls.abortAll();
    for (const outcome of [...outcomes, ...mailbox.rest()]) late(ports, ref, outcome);
  }
}

const isIdle = (state: RunState): boolean => state.phase !== 'live' || openCalls(state).length === 0;

/** While nothing new begins: when calls under way have had their grace. At other times no rule would act. */
const lastTime = (state: RunState): number | null =>
  state.phase === 'live' && state.stop !== null ? nextTime(state) : null;

/** One append, through lost answers and a database that is away; nothing to write is written at once. */
async function append(
  ports: AdvancePorts,
  ref: RunRef,
  run: LoadedRun,
  next: Plan,
  holding: Holding,
): Promise<Committed> {
  if (next.events.length === 0) return { type: 'accepted' };
  const now = ports.clock.now();
  const children = await childRuns(ports, ref, next.run.state, next.events);
  const made = await appendOf(ports.artifacts, ref, run.state, next.run.state, next.events, now, holding, children);
  const began = ports.clock.monotonic();
  const committed = await commit(ports.runs, made, ports);
  ports.metrics.appended(committed.type, (ports.clock.monotonic() - began) / 1_000);
  return committed;
}

function tellTaken({ log, metrics, lease }: AdvancePorts, ref: RunRef, take: Take): void {
  const facts = { run_id: ref.run, worker: lease.worker };
  // Nobody has died.
  if (take.type === 'take-over' && take.from === lease.worker) return log.info(facts, 'the run was taken anew');
  metrics.taken(take.type);
  if (take.type === 'claim') log.info(facts, 'the run was claimed');
  else log.warn({ ...facts, from: take.from, why: take.why }, 'the run was taken over');
}

/** The budgets as they stand; another may be quicker, then the append is refused. */
async function offered(ports: AdvancePorts, ref: RunRef, { state }: LoadedRun, need: BudgetNeed): Promise<Command> {
  const offers = await patiently(ports, () => ports.budgets.offers(ref, state.version.agent));
  return { type: 'allowance_offered', offered: offers, need, at: ports.clock.now() };
}

function takingCommand(
  take: Take,
  worker: string,
  at: number,
  { thread, budgeted }: { readonly thread: DataOf<'run.admitted'>['thread']; readonly budgeted: boolean },
): Command {
  if (take.type === 'claim')
    return { type: 'claim', worker, at, budgeted, ...(thread === undefined ? {} : { thread }) };
  return { type: 'take_over', worker, from: take.from, why: take.why, lease_until: take.leaseUntil, budgeted, at };
}

/** Another worker's claim or take-over is in the log, or the run has ended. */
const isLost = ({ state }: LoadedRun, taking: Take | null, worker: string): boolean =>
  state.phase !== 'live' || (taking === null && state.holder !== worker);

/** A tool's answer that cannot be appended by its holder any more goes the way of everybody outside. */
function late(ports: AdvancePorts, ref: RunRef, outcome: Command): void {
  if (outcome.type !== 'tool_answered') return;
  // A commit whose answer was lost is recognised: the answer is in the log once.
  const append = async (made: Append): Promise<{ type: string }> => {
    const committed = await commit(ports.runs, made, ports);
    // Nothing is taken, so it cannot be another worker's: there is no such run any more.
    return committed.type === 'not-yours' ? { type: 'missing' } : committed;
  };
  patiently(ports, async () => {
    const spoken = await speak(ports, ref, { ...outcome, type: 'tool_late_result' }, { append });
    return spoken.type === 'contended' ? null : spoken;
  }).catch((error: unknown) => {
    ports.log.error({ run_id: ref.run, call: outcome.call, err: error }, 'a late result could not be recorded');
  });
}
