import { scheduleBody, scheduleResource } from '@holdfast/contracts';
import { checkSchedule, createSchedule, withinQuota } from '@holdfast/core';
import { etagOf } from '../../http/expected-version.ts';
import { nothing, route } from '../../http/route.ts';
import { scheduleDetail, scheduleResource as resource, scheduleSpec } from '../../resources/schedule.ts';

export const create = route({
  method: 'POST',
  url: '/v1/schedules',
  operation: 'schedules.create',
  content: true,
  params: nothing,
  query: nothing,
  body: scheduleBody,
  idempotent: true,
  tag: 'Schedules',
  summary: 'Make a schedule',
  description: 'Each tick of its pattern starts one run of the agent, whatever crashes meanwhile.',
  answers: {
    201: { description: 'The new schedule.', json: scheduleResource, headers: { ETag: 'Its revision, in quotes.' } },
  },
  refusals: ['agent_not_found', 'version_not_found', 'alias_not_found', 'schedule_exists', 'quota_exceeded'],
  audit: ({ body, answer }) => ({
    // As the handler answered.
    target: `/v1/schedules/${(answer.json as { id: string }).id}`,
    detail: scheduleDetail(body),
    after: answer.json,
  }),
  handle: (ports, { caller, body, once }) => {
    const spec = scheduleSpec(body);
    return once(
      () => checkSchedule(ports, caller, spec),
      async (stores) => {
        const schedule = await withinQuota(stores, ports.quotas, caller, 'schedules', () =>
          createSchedule(stores, ports.clock, caller, spec),
        );
        const json = resource(schedule, ports.clock.now());
        return { status: 201, json, headers: { etag: etagOf(schedule.version) } };
      },
    );
  },
});
