import { newSchedule, type Schedule, type ScheduleSpec } from '../schedule.ts';

/** For tests: each minute, from the beginning of 1970. */
export const minutely = (spec: Partial<ScheduleSpec> = {}, with_: Partial<Schedule> = {}): Schedule => ({
  ...newSchedule(
    '019b0000-0000-7000-8000-000000000001',
    {
      name: 'nightly',
      agent: 'writer',
      input: 'Write.',
      metadata: { team: 'a' },
      tags: ['t'],
      priority: 3,
      cron: '* * * * *',
      timeZone: 'UTC',
      jitterSeconds: 0,
      overlap: 'skip',
      catchUpSeconds: 3_600,
      startsAt: null,
      endsAt: null,
      ...spec,
    },
    0,
  ),
  ...with_,
});

export const MINUTE = 60_000;
