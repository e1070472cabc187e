import { HoldfastError } from '@holdfast/contracts';
import { findSchedule } from '@holdfast/core';
import type { Resource } from '../../http/route.ts';
import { scheduleResource } from '../../resources/schedule.ts';

/** The schedule as it stands, for its audit line. */
export const scheduleNow: Resource<{ readonly schedule: string }> = async (
  { schedules },
  caller,
  { schedule },
  { clock },
) => {
  const found = await findSchedule(schedules, caller, schedule).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'schedule_not_found') return null;
    throw error;
  });
  return found && scheduleResource(found, clock.now());
};
