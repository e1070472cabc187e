import { randomUUID } from 'node:crypto';
import { newSchedule, type Schedule, type ScheduleSpec } from '@holdfast/core';
import type { TestServer } from './server.ts';

/** A schedule at which no worker looks, since it has no row in the outbox: each minute, and so far behind. */
export async function idleSchedule(
  { api }: TestServer,
  tenant: string,
  spec: Partial<ScheduleSpec>,
  { reached }: { readonly reached: number },
): Promise<Schedule> {
  const id = randomUUID();
  const all: ScheduleSpec = {
    name: `s-${id}`,
    agent: 'asker',
    input: '',
    metadata: {},
    tags: [],
    priority: 0,
    cron: '* * * * *',
    timeZone: 'UTC',
    jitterSeconds: 0,
    overlap: 'skip',
    catchUpSeconds: 86_400,
    startsAt: null,
    endsAt: null,
    ...spec,
  };
  const schedule: Schedule = { ...newSchedule(id, all, api.ports.clock.now()), reached };
  await api.ports.transactions.run({ tenant }, ({ schedules }) => schedules.create({ tenant }, schedule, null));
  return schedule;
}
