import { HoldfastError } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import { isAway } from '../executor/patiently.ts';
import { hasEnded } from '../log/run-store.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';
import type { StepStores } from '../scheduling/steps.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Caller } from '../use-cases/caller.ts';
import { cancel } from '../use-cases/cancel.ts';
import type { RunDirectory } from '../use-cases/run-directory.ts';
import { speakInside } from '../use-cases/speak.ts';
import type { CreatedRun, StartRunPorts } from '../use-cases/start-run.ts';
import { buffered, notStarted, passed, started } from './moved.ts';
import { type Move, nextMove } from './next-move.ts';
import { bySchedule, type Schedule } from './schedule.ts';
import type { ScheduleRows } from './schedule-rows.ts';
import { scheduledRun } from './scheduled-run.ts';

export type ScheduleStores = Pick<StepStores, 'runs' | 'directory' | 'agents' | 'schedules'>;

export interface SchedulePorts extends StartRunPorts {
  readonly schedules: ScheduleRows;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly transactions: { run<T>(scope: TenantScope, work: (stores: ScheduleStores) => Promise<T>): Promise<T> };
  readonly clock: Clock;
  readonly log: Log;
}

/** Much less than a row of the outbox is reserved for. */
const SLICE_MS = 2_000;
/** Between two slices, so that a worker can stop in between. */
const PAUSE_MS = 300;
/** What fails for a reason that is nobody's refusal is tried again by the outbox; then the tick has failed. */
const ATTEMPTS = 3;

/**
 * Handles rows of kind `schedule`, whose subject is the schedule: starts what is due, and asks to be called again at the
 * next tick. The run of a tick and how far the schedule is are one transaction under the lock of the schedule's row, so
 * that a crash repeats nothing and two workers cannot do it twice.
 */
export const fireSchedules =
  (ports: SchedulePorts): OutboxHandler =>
  async ({ tenant, subject, attempt }) => {
    const scope = { tenant };
    const until = ports.clock.monotonic() + SLICE_MS;
    // The next tick has its own tries.
    for (let tries = attempt; ; tries = 1) {
      const schedule = await ports.schedules.get(scope, subject);
      if (schedule === null || schedule.paused !== null) return 'done';
      const move = nextMove(schedule, ports.clock.now(), await isBusy(ports, scope, schedule));
      if (move.type === 'wait') return move.until === null ? 'done' : { again: move.until };
      await take({ ports, scope, attempt: tries }, schedule, move);
      if (ports.clock.monotonic() >= until) return { again: ports.clock.now() + PAUSE_MS };
    }
  };

/** The last run has not ended. One that was deleted has. */
export async function isBusy(
  { directory }: { readonly directory: Pick<RunDirectory, 'get'> },
  { tenant }: TenantScope,
  { lastRun }: Schedule,
): Promise<boolean> {
  const last = lastRun === null ? null : await directory.get({ tenant, run: lastRun });
  return last !== null && !hasEnded(last);
}

/** Of one call of the handler. */
interface Turn {
  readonly ports: SchedulePorts;
  readonly scope: TenantScope;
  /** Of the outbox. */
  readonly attempt: number;
}

async function take(turn: Turn, schedule: Schedule, move: Exclude<Move, { type: 'wait' }>): Promise<void> {
  switch (move.type) {
    case 'skip':
    case 'miss':
      return step(turn, schedule, () => Promise.resolve(passed(schedule, move)));
    case 'buffer':
      return step(turn, schedule, async (stores) => {
        if (move.cancel) await cancelLast(turn.ports, stores, { ...turn.scope, by: bySchedule }, schedule);
        return buffered(schedule, move.tick);
      });
    case 'start':
      return start(turn, schedule, move);
  }
}

async function start(turn: Turn, schedule: Schedule, move: Extract<Move, { type: 'start' }>): Promise<void> {
  const { ports, scope } = turn;
  let made: CreatedRun;
  try {
    // What is slow, such as the writing of a long input, comes before the transaction.
    made = await scheduledRun(ports, { ...scope, by: bySchedule }, schedule, move.tick);
    await step(turn, schedule, async ({ directory }) => {
      await directory.create(made.run);
      return started(schedule, move, made.run.run);
    });
  } catch (error) {
    const failure = failureOf(turn, schedule, error);
    await step(turn, schedule, () => Promise.resolve(notStarted(schedule, move, failure, ports.clock.now())));
  }
}

/** Throws the error as long as it is worth another try. */
function failureOf(
  { ports, scope, attempt }: Turn,
  { id }: Schedule,
  error: unknown,
): { code: string; detail: string } {
  if (error instanceof HoldfastError && error.status < 500) return { code: error.code, detail: error.message };
  if (isAway(error) || attempt < ATTEMPTS) throw error;
  ports.log.error({ ...scope, schedule: id, err: error }, 'a tick is passed whose run could not be started');
  return { code: 'internal', detail: 'A fault of Holdfast; the log of the worker has it.' };
}

/** Asks the last run to end, unless it is about to. */
export async function cancelLast(
  ports: Pick<StartRunPorts, 'artifacts' | 'clock'>,
  stores: Pick<ScheduleStores, 'runs' | 'directory' | 'agents'>,
  caller: Caller,
  { spec, lastRun }: Schedule,
): Promise<void> {
  if (lastRun === null) return;
  try {
    const reason = `the schedule ${spec.name} is about to start another run`;
    await speakInside(ports, stores, { tenant: caller.tenant, run: lastRun }, cancel(caller, reason));
  } catch (error) {
    const ending = ['run_ended', 'run_stopping', 'run_not_found'];
    if (!(error instanceof HoldfastError) || !ending.includes(error.code)) throw error;
  }
}

/** Commits what `work` makes of the schedule, unless somebody has changed it since it was read. */
function step(
  { ports, scope }: Turn,
  schedule: Schedule,
  work: (stores: ScheduleStores) => Promise<Schedule>,
): Promise<void> {
  return ports.transactions.run(scope, async (stores) => {
    const locked = await stores.schedules.lock(scope, schedule.id);
    if (locked === null || locked.step !== schedule.step) return;
    await stores.schedules.save(scope, await work(stores));
  });
}
