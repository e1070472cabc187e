import type { Schedule } from '../schedules/schedule.ts';
import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { Caller } from './caller.ts';
import { lockedSchedule } from './locked-schedule.ts';
import type { TransactionStores } from './transactions.ts';

/** Its runs stay, and those under way go on. @throws HoldfastError `schedule_not_found`, `etag_mismatch`. */
export async function deleteSchedule(
  { schedules }: Pick<TransactionStores, 'schedules'>,
  caller: Caller,
  idOrName: string,
  expected: ExpectedVersion,
): Promise<Schedule> {
  const schedule = await lockedSchedule({ schedules }, caller, idOrName, expected);
  await schedules.delete(caller, schedule.id);
  return schedule;
}
