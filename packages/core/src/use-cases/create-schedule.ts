import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.ts';
import { dueAt } from '../schedules/moved.ts';
import { newSchedule, type Schedule, type ScheduleSpec } from '../schedules/schedule.ts';
import type { Caller } from './caller.ts';
import { refused } from './refused.ts';
import type { TransactionStores } from './transactions.ts';

/** Check it first (`checkSchedule`). @throws HoldfastError `schedule_exists`. */
export async function createSchedule(
  { schedules }: Pick<TransactionStores, 'schedules'>,
  clock: Clock,
  caller: Caller,
  spec: ScheduleSpec,
): Promise<Schedule> {
  const now = clock.now();
  const schedule = newSchedule(uuidv7(), spec, now);
  if (!(await schedules.create(caller, schedule, dueAt(schedule, now)))) throw nameTaken(spec);
  return schedule;
}

export const nameTaken = ({ name }: ScheduleSpec): Error =>
  refused('schedule_exists', `There is a schedule ${name} already; change that one, or take another name.`);
