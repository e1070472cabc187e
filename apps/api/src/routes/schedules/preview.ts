import { nextTicks, previewTicksQuery } from '@holdfast/contracts';
import { checkTimes, comingTicks, refused } from '@holdfast/core';
import { noBody, nothing, route } from '../../http/route.ts';
import { iso } from '../../resources/time.ts';

export const preview = route({
  method: 'GET',
  url: '/v1/schedule-preview',
  operation: 'schedules.preview',
  params: nothing,
  query: previewTicksQuery,
  body: noBody,
  tag: 'Schedules',
  summary: 'See what a pattern comes to',
  description: 'The coming ticks of a schedule that need not be there yet.',
  answers: { 200: { description: 'The next ones.', json: nextTicks } },
  refusals: ['invalid_request'],
  handle: ({ clock }, { query: { cron, time_zone: timeZone, count } }) => {
    const times = { cron, timeZone, startsAt: null, endsAt: null };
    const now = clock.now();
    const wrong = checkTimes(times, now);
    if (wrong !== null) {
      const path = wrong.path.slice(1);
      throw refused('invalid_request', `The pattern does not fit: ${path} ${wrong.message}.`, [
        { path: `?${path}`, message: wrong.message },
      ]);
    }
    const items = comingTicks('', { ...times, jitterSeconds: 0 }, now, count).map(({ tick, at }) => ({
      tick: iso(tick),
      at: iso(at),
    }));
    return Promise.resolve({ status: 200, json: { items } });
  },
});
