import { scheduleBody, scheduleResource } from '@holdfast/contracts';
import { checkSchedule, updateSchedule } from '@holdfast/core';
import { etagOf, expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { nothing, route, scheduleParams } from '../../http/route.ts';
import { scheduleDetail, scheduleResource as resource, scheduleSpec } from '../../resources/schedule.ts';
import { scheduleNow } from './schedule-now.ts';

export const update = route({
  method: 'PUT',
  url: '/v1/schedules/:schedule',
  operation: 'schedules.update',
  content: true,
  params: scheduleParams,
  query: nothing,
  body: scheduleBody,
  tag: 'Schedules',
  summary: 'Change a schedule',
  description:
    'The body is all of it, as for a new one. Runs that it has started go on. Where its times change, ticks count from now on. A paused one stays paused.',
  headers: { 'If-Match': ifMatch },
  answers: {
    200: { description: 'As it is now.', json: scheduleResource, headers: { ETag: 'Its revision, in quotes.' } },
  },
  refusals: [
    'invalid_request',
    'schedule_not_found',
    'schedule_exists',
    'agent_not_found',
    'version_not_found',
    'alias_not_found',
    'etag_mismatch',
  ],
  resource: scheduleNow,
  audit: ({ body }) => ({ detail: scheduleDetail(body) }),
  handle: async (ports, { caller, params, body, request, change }) => {
    const expected = expectedVersion(request);
    const spec = scheduleSpec(body);
    await checkSchedule(ports, caller, spec);
    return change(async (stores) => {
      const schedule = await updateSchedule(stores, ports.clock, caller, params.schedule, spec, expected);
      const json = resource(schedule, ports.clock.now());
      return { status: 200, json, headers: { etag: etagOf(schedule.version) } };
    });
  },
});
