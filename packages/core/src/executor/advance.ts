import type { Clock } from '../clock.ts';
import { appendOf } from '../log/append-of.ts';
import { catchUp, type LoadedRun, loadRun, type LogPorts } from '../log/loaded-run.ts';
import { speak } from '../log/speak.ts';
import { nextTime } from '../run/attention.ts';
import type { Command } from '../run/command.ts';
import { openCalls } from '../run/state.ts';
import type { DeadWorker, WorkerLease } from '../scheduling/schedule-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { commit } from './commit.ts';
import type { ExecutorMetrics, Log } from './log.ts';
import { Mailbox } from './mailbox.ts';
import type { Model } from './model.ts';
import { OpenCalls } from './open-calls.ts';
import { plan } from './plan.ts';
import { Snapshots } from './snapshots.ts';
import type { Tools } from './tools.ts';

export interface AdvancePorts extends LogPorts {
  readonly model: Model;
  readonly tools: Tools;
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
  /** The log may have grown. */
  nudge(): void;
  /** Head this holder has folded; others compare it with the database's. */
  head(): number;
  /** Resolves when the run was let go or lost. */
  readonly done: Promise<'released' | 'lost' | 'not-yours'>;
}

/**
 * Carries one run from wait to wait: takes it, performs what `decide` returns, and appends each outcome together with
 * the intents that follow from it. With nothing under way it lets go.
 * `drain`: once aborted, nothing new begins; whoever aborts it nudges, too.
 */
export function advance(ports: AdvancePorts, ref: RunRef, take: Take, drain: AbortSignal): Hold {
  const mailbox = new Mailbox();
  const position = { head: 0 };
  const done = carry(ports, ref, take, drain, mailbox, position);
  return { nudge: () => mailbox.nudge(), head: () => position.head, done };
}

async function carry(
  ports: AdvancePorts,
  ref: RunRef,
  take: Take,
  drain: AbortSignal,
  mailbox: Mailbox,
  position: { head: number },
): Promise<'released' | 'lost' | 'not-yours'> {
  const { clock, lease, log } = ports;
  const loaded = await loadRun(ports, ref);
  if (loaded === null || loaded.run.state.phase !== 'live') return 'not-yours';
  let run = loaded.run;
  let taking: Take | null = take;
  let outcomes: readonly Command[] = [takingCommand(take, lease.worker, clock.now())];
  let held = true;
  const calls = new OpenCalls(ports, ref, (outcome) => (held ? mailbox.put(outcome) : late(ports, ref, outcome)));
  const snapshots = new Snapshots(ports, ref, run.state.head);
  try {
    for (;;) {
      const next = plan(run, outcomes, clock.now(), drain.aborted);
      for (const { command, refusal } of next.refused) {
        log.info({ run_id: ref.run, command: command.type, code: refusal.code }, refusal.message);
        late(ports, ref, command);
      }
      const release = next.run.state.phase !== 'live' || openCalls(next.run.state).length === 0;
      if (next.events.length > 0) {
        const holding = { worker: lease.worker, take: taking, release };
        const append = await appendOf(
          ports.artifacts,
          ref,
          run.state,
          next.run.state,
          next.events,
          clock.now(),
          holding,
        );
        const committed = await commit(ports.runs, append, ports.patienceMs, () => clock.monotonic());
        if (committed.type === 'not-yours') return 'not-yours';
        if (committed.type === 'went-back') {
          // The database acknowledged events that it no longer has: nothing goes on before a person has looked.
          log.error({ run_id: ref.run, expected: run.state.head, found: committed.found }, 'the log went back');
          const { found } = committed;
          const report: Command = { type: 'log_went_back', expected: run.state.head, found, at: clock.now() };
          const reloaded = await loadRun(ports, ref);
          if (reloaded === null) return 'lost';
          if (isLost(reloaded.run, taking, lease.worker)) {
            // Its own claim is among what is gone: it says so from outside.
            await speak(ports, ref, report);
            return 'lost';
          }
          run = reloaded.run;
          outcomes = [report, ...outcomes];
          continue;
        }
        if (committed.type === 'refused') {
          // Somebody spoke, or another worker took the run. The outcomes are kept for what is there now.
          run = await catchUp(ports, ref, run);
          outcomes = outcomes.filter((outcome) => !next.refused.some(({ command }) => command === outcome));
          if (isLost(run, taking, lease.worker)) return 'lost';
          continue;
        }
        run = next.run;
        taking = null;
        snapshots.consider(run);
        for (const action of next.starts) calls.start(action, run);
      }
      outcomes = [];
      if (release) return 'released';
      next.aborts.forEach((call) => calls.abort(call));
      position.head = run.state.head;
      const time = nextTime(run.state);
      const mail = await mailbox.next(time === null || drain.aborted ? null : Math.max(0, time - clock.now()));
      outcomes = mail.commands;
      if (!mail.nudged) continue;
      run = await catchUp(ports, ref, run);
      if (isLost(run, taking, lease.worker)) return 'lost';
    }
  } finally {
    held = false;
    calls.abortAll();
    for (const outcome of [...outcomes, ...mailbox.rest()]) late(ports, ref, outcome);
  }
}

function takingCommand(take: Take, worker: string, at: number): Command {
  if (take.type === 'claim') return { type: 'claim', worker, at };
  return { type: 'take_over', worker, from: take.from, why: take.why, lease_until: take.leaseUntil, at };
}

/** Another worker's claim or take-over is in the log, or the run has ended. */
const isLost = ({ state }: LoadedRun, taking: Take | null, worker: string): boolean =>
  state.phase !== 'live' || (taking === null && state.holder !== worker);

const LATE_TRIES = 20;

/** A tool's answer that cannot be appended by its holder any more goes the way of everybody outside. */
function late(ports: AdvancePorts, ref: RunRef, outcome: Command): void {
  if (outcome.type !== 'tool_answered') return;
  const { call } = outcome;
  const lost = (why: object): void =>
    ports.log.warn({ run_id: ref.run, call, ...why }, 'a late result could not be recorded');
  speak(ports, ref, { ...outcome, type: 'tool_late_result' }, LATE_TRIES).then(
    ({ type }) => (type === 'contended' ? lost({ type }) : undefined),
    (error: unknown) => lost({ err: error }),
  );
}
