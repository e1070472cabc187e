import { scheduleResource } from '@holdfast/contracts';
import { resumeSchedule } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route, scheduleParams } from '../../http/route.ts';
import { scheduleResource as resource } from '../../resources/schedule.ts';
import { scheduleNow } from './schedule-now.ts';

export const resume = route({
  method: 'POST',
  url: '/v1/schedules/:schedule/resume',
  operation: 'schedules.resume',
  params: scheduleParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  idempotent: true,
  tag: 'Schedules',
  summary: 'Let a paused schedule go on',
  description: 'From its next tick; those of the time between are passed. One that is not paused stays as it is.',
  answers: { 200: { description: 'The schedule.', json: scheduleResource } },
  refusals: ['schedule_not_found'],
  resource: scheduleNow,
  audit: true,
  handle: (ports, { caller, params, once }) =>
    once(
      () => Promise.resolve(),
      async (stores) => {
        const schedule = await resumeSchedule(stores, ports.clock, caller, params.schedule);
        return { status: 200, json: resource(schedule, ports.clock.now()) };
      },
    ),
});
