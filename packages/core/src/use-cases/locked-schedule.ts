import type { HoldfastError } from '@holdfast/contracts';
import type { Schedule } from '../schedules/schedule.ts';
import type { ScheduleRows } from '../schedules/schedule-rows.ts';
import type { ExpectedVersion } from '../secrets/secret-rows.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from './refused.ts';

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** By its id or its name. @throws HoldfastError `schedule_not_found`. */
export async function findSchedule(
  schedules: Pick<ScheduleRows, 'get' | 'named'>,
  scope: TenantScope,
  idOrName: string,
): Promise<Schedule> {
  const found = await (uuid.test(idOrName) ? schedules.get(scope, idOrName) : schedules.named(scope, idOrName));
  if (found === null) throw noSchedule(idOrName);
  return found;
}

/** The same, locked until the transaction ends. @throws HoldfastError `schedule_not_found`, `etag_mismatch`. */
export async function lockedSchedule(
  { schedules }: { readonly schedules: ScheduleRows },
  scope: TenantScope,
  idOrName: string,
  expected: ExpectedVersion,
): Promise<Schedule> {
  const { id } = await findSchedule(schedules, scope, idOrName);
  const schedule = await schedules.lock(scope, id);
  if (schedule === null) throw noSchedule(idOrName);
  if (typeof expected === 'number' && expected !== schedule.version)
    throw refused(
      'etag_mismatch',
      `The schedule ${schedule.spec.name} is at version ${schedule.version}, not at ${expected}; read it again.`,
    );
  return schedule;
}

const noSchedule = (idOrName: string): HoldfastError =>
  refused('schedule_not_found', `There is no schedule ${idOrName}.`);
