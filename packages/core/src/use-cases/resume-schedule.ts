import type { Clock } from '../clock.ts';
import { dueAt, resumed } from '../schedules/moved.ts';
import type { Schedule } from '../schedules/schedule.ts';
import type { Caller } from './caller.ts';
import { lockedSchedule } from './locked-schedule.ts';
import type { TransactionStores } from './transactions.ts';

/** Ticks while it was paused are passed; one that is not paused stays as it is. @throws HoldfastError `schedule_not_found`. */
export async function resumeSchedule(
  { schedules }: Pick<TransactionStores, 'schedules'>,
  clock: Clock,
  caller: Caller,
  idOrName: string,
): Promise<Schedule> {
  const schedule = await lockedSchedule({ schedules }, caller, idOrName, null);
  if (schedule.paused === null) return schedule;
  const now = clock.now();
  const next = resumed(schedule, now);
  await schedules.change(caller, next, dueAt(next, now));
  return next;
}
