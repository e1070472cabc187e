import { pauseScheduleBody, scheduleResource } from '@holdfast/contracts';
import { pauseSchedule } from '@holdfast/core';
import { nothing, route, scheduleParams } from '../../http/route.ts';
import { scheduleResource as resource } from '../../resources/schedule.ts';
import { scheduleNow } from './schedule-now.ts';

export const pause = route({
  method: 'POST',
  url: '/v1/schedules/:schedule/pause',
  operation: 'schedules.pause',
  params: scheduleParams,
  query: nothing,
  body: pauseScheduleBody.optional(),
  idempotent: true,
  tag: 'Schedules',
  summary: 'Pause a schedule',
  description:
    'It starts nothing until it is resumed; ticks of that time are passed. Runs that it has started go on. One that is paused already stays as it is.',
  answers: { 200: { description: 'The paused schedule.', json: scheduleResource } },
  refusals: ['schedule_not_found'],
  resource: scheduleNow,
  audit: ({ body }) => ({ detail: { reason: body?.reason ?? null } }),
  handle: (ports, { caller, params, body, once }) =>
    once(
      () => Promise.resolve(),
      async (stores) => {
        const schedule = await pauseSchedule(stores, ports.clock, caller, params.schedule, body?.reason ?? null);
        return { status: 200, json: resource(schedule, ports.clock.now()) };
      },
    ),
});
