import { nextTicks, nextTicksQuery } from '@holdfast/contracts';
import { comingTicks, findSchedule } from '@holdfast/core';
import { noBody, route, scheduleParams } from '../../http/route.ts';
import { iso } from '../../resources/time.ts';

export const next = route({
  method: 'GET',
  url: '/v1/schedules/:schedule/next',
  operation: 'schedules.next',
  params: scheduleParams,
  query: nextTicksQuery,
  body: noBody,
  tag: 'Schedules',
  summary: 'See the coming ticks of a schedule',
  description: 'Also of a paused one, as if it were resumed now.',
  answers: { 200: { description: 'The next ones; fewer when it ends before.', json: nextTicks } },
  refusals: ['schedule_not_found'],
  handle: async ({ schedules, clock }, { caller, params, query: { count } }) => {
    const { id, spec } = await findSchedule(schedules, caller, params.schedule);
    const items = comingTicks(id, spec, clock.now(), count).map(({ tick, at }) => ({ tick: iso(tick), at: iso(at) }));
    return { status: 200, json: { items } };
  },
});
