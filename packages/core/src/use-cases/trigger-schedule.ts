import { cancelLast, isBusy } from '../schedules/fire-schedules.ts';
import { buffered, dueAt, started } from '../schedules/moved.ts';
import type { Schedule } from '../schedules/schedule.ts';
import type { ScheduleRows } from '../schedules/schedule-rows.ts';
import { scheduledRun } from '../schedules/scheduled-run.ts';
import type { Caller } from './caller.ts';
import { findSchedule, lockedSchedule } from './locked-schedule.ts';
import { refused } from './refused.ts';
import type { CreatedRun, StartRunPorts } from './start-run.ts';
import type { TransactionStores } from './transactions.ts';

export interface PreparedTrigger {
  readonly schedule: string;
  readonly run: CreatedRun;
}

/** What became of it: a run, or the promise of one when the last run has ended (`run` null). */
export interface Triggered {
  readonly schedule: Schedule;
  readonly run: string | null;
}

/** @throws HoldfastError `schedule_not_found`, and what `startRun` throws. */
export async function prepareTrigger(
  ports: StartRunPorts & { readonly schedules: Pick<ScheduleRows, 'get' | 'named'> },
  caller: Caller,
  idOrName: string,
): Promise<PreparedTrigger> {
  const schedule = await findSchedule(ports.schedules, caller, idOrName);
  return { schedule: schedule.id, run: await scheduledRun(ports, caller, schedule, null) };
}

/**
 * Starts a run of the schedule at once, as its overlap policy allows; `force`: whatever that says. It need not be its
 * time, and it may be paused. @throws HoldfastError `schedule_not_found`, `schedule_busy`.
 */
export async function triggerSchedule(
  ports: Pick<StartRunPorts, 'artifacts' | 'clock'>,
  stores: Pick<TransactionStores, 'schedules' | 'directory' | 'runs' | 'agents'>,
  caller: Caller,
  { schedule: id, run: { run } }: PreparedTrigger,
  force: boolean,
): Promise<Triggered> {
  const schedule = await lockedSchedule(stores, caller, id, null);
  const { overlap } = schedule.spec;
  if (force || overlap === 'allow' || !(await isBusy(stores, caller, schedule))) {
    await stores.directory.create(run);
    const next = started(schedule, { tick: null, fromBuffer: false }, run.run);
    await stores.schedules.save(caller, next);
    return { schedule: next, run: run.run };
  }
  // A paused schedule starts nothing later.
  const waits = overlap === 'cancel-other' || (overlap === 'buffer-one' && schedule.buffered === null);
  if (!waits || schedule.paused !== null) throw busy(schedule);
  if (overlap === 'cancel-other') await cancelLast(ports, stores, caller, schedule);
  const next = buffered(schedule, null);
  await stores.schedules.change(caller, next, dueAt(next, ports.clock.now()));
  return { schedule: next, run: null };
}

const busy = ({ spec, lastRun, buffered: waiting }: Schedule): Error =>
  refused(
    'schedule_busy',
    `The run ${lastRun} of the schedule ${spec.name} has not ended${waiting === null ? '' : ', and another one waits for its end'}.`,
    [],
    { active_run: lastRun },
  );
