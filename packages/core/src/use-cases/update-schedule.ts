import type { Clock } from '../clock.ts';
import { changed, dueAt } from '../schedules/moved.ts';
import type { Schedule, ScheduleSpec } from '../schedules/schedule.ts';
import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { Caller } from './caller.ts';
import { nameTaken } from './create-schedule.ts';
import { lockedSchedule } from './locked-schedule.ts';
import type { TransactionStores } from './transactions.ts';

/** Check the new spec first (`checkSchedule`). @throws HoldfastError `schedule_not_found`, `etag_mismatch`, `schedule_exists`. */
export async function updateSchedule(
  { schedules }: Pick<TransactionStores, 'schedules'>,
  clock: Clock,
  caller: Caller,
  idOrName: string,
  spec: ScheduleSpec,
  expected: ExpectedVersion,
): Promise<Schedule> {
  const schedule = await lockedSchedule({ schedules }, caller, idOrName, expected);
  const now = clock.now();
  const next = changed(schedule, spec, now);
  if (!(await schedules.change(caller, next, dueAt(next, now)))) throw nameTaken(spec);
  return next;
}
