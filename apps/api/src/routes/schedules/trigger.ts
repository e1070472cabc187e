import { scheduleTrigger, triggerScheduleBody } from '@holdfast/contracts';
import { prepareTrigger, triggerSchedule } from '@holdfast/core';
import { nothing, route, scheduleParams } from '../../http/route.ts';
import { scheduleNow } from './schedule-now.ts';

export const trigger = route({
  method: 'POST',
  url: '/v1/schedules/:schedule/trigger',
  operation: 'schedules.trigger',
  rate: 'start',
  params: scheduleParams,
  query: nothing,
  body: triggerScheduleBody.optional(),
  idempotent: true,
  tag: 'Schedules',
  summary: 'Run a schedule now',
  description: 'As at a tick, by its overlap policy; a paused one can be started, too. Its ticks stay as they are.',
  answers: { 200: { description: 'A run, or the promise of one.', json: scheduleTrigger } },
  refusals: [
    'schedule_not_found',
    'schedule_busy',
    'agent_not_found',
    'version_not_found',
    'alias_not_found',
    'run_busy',
  ],
  resource: scheduleNow,
  audit: ({ body, answer }) => ({
    // As the handler answered.
    detail: { force: body?.force ?? false, run: (answer.json as { run: string | null }).run },
  }),
  handle: (ports, { caller, params, body, once }) =>
    once(
      () => prepareTrigger(ports, caller, params.schedule),
      async (stores, prepared) => {
        const { schedule, run } = await triggerSchedule(ports, stores, caller, prepared, body?.force ?? false);
        const json = { schedule: schedule.id, outcome: run === null ? 'buffered' : 'started', run };
        return { status: 200, json, ...(run === null ? {} : { about: run }) };
      },
    ),
});
