import type { Clock } from '../clock.ts';
import { paused } from '../schedules/moved.ts';
import type { Schedule } from '../schedules/schedule.ts';
import type { Caller } from './caller.ts';
import { lockedSchedule } from './locked-schedule.ts';
import type { TransactionStores } from './transactions.ts';

/** It starts nothing until it is resumed; one that is paused already stays as it is. @throws HoldfastError `schedule_not_found`. */
export async function pauseSchedule(
  { schedules }: Pick<TransactionStores, 'schedules'>,
  clock: Clock,
  caller: Caller,
  idOrName: string,
  reason: string | null,
): Promise<Schedule> {
  const schedule = await lockedSchedule({ schedules }, caller, idOrName, null);
  if (schedule.paused !== null) return schedule;
  const next = paused(schedule, { at: clock.now(), by: caller.by, reason });
  await schedules.change(caller, next, null);
  return next;
}
