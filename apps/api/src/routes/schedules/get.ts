import { scheduleResource } from '@holdfast/contracts';
import { findSchedule } from '@holdfast/core';
import { etagOf } from '../../http/expected-version.ts';
import { noBody, nothing, route, scheduleParams } from '../../http/route.ts';
import { scheduleResource as resource } from '../../resources/schedule.ts';

export const get = route({
  method: 'GET',
  url: '/v1/schedules/:schedule',
  operation: 'schedules.get',
  params: scheduleParams,
  query: nothing,
  body: noBody,
  tag: 'Schedules',
  summary: 'Read a schedule',
  description: 'By its id or its name. Its runs: `GET /v1/runs?schedule=` with its id.',
  answers: {
    200: {
      description: 'The schedule, and what has become of its ticks.',
      json: scheduleResource,
      headers: { ETag: 'Its revision, in quotes: for `If-Match` of a change.' },
    },
  },
  refusals: ['schedule_not_found'],
  handle: async ({ schedules, clock }, { caller, params }) => {
    const schedule = await findSchedule(schedules, caller, params.schedule);
    return {
      status: 200,
      json: resource(schedule, clock.now()),
      headers: { etag: etagOf(schedule.version) },
    };
  },
});
