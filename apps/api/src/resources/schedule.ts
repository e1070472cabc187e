import type { ScheduleResource, scheduleBody } from '@holdfast/contracts';
import { dueAt, type Schedule, type ScheduleSpec } from '@holdfast/core';
import type { z } from 'zod';
import { iso, isoOrNull } from './time.ts';

export const scheduleResource = (schedule: Schedule, now: number): ScheduleResource => {
  const { spec, paused, lastError } = schedule;
  return {
    id: schedule.id,
    name: spec.name,
    agent: spec.agent,
    version: spec.version ?? null,
    alias: spec.alias ?? null,
    input: spec.input,
    metadata: { ...spec.metadata },
    tags: [...spec.tags],
    priority: spec.priority,
    cron: spec.cron,
    time_zone: spec.timeZone,
    jitter_seconds: spec.jitterSeconds,
    overlap: spec.overlap,
    catch_up_seconds: spec.catchUpSeconds,
    starts_at: isoOrNull(spec.startsAt),
    ends_at: isoOrNull(spec.endsAt),
    paused: paused && { at: iso(paused.at), by: { ...paused.by, roles: [...paused.by.roles] }, reason: paused.reason },
    next_at: isoOrNull(dueAt(schedule, now)),
    buffered: schedule.buffered !== null,
    last_run: schedule.lastRun,
    last_tick: isoOrNull(schedule.lastTick),
    fired: schedule.fired,
    skipped: schedule.skipped,
    missed: schedule.missed,
    failed: schedule.failed,
    last_error: lastError && { ...lastError, at: iso(lastError.at), tick: isoOrNull(lastError.tick) },
    revision: schedule.version,
    created_at: iso(schedule.createdAt),
    updated_at: iso(schedule.updatedAt),
  };
};

/** What the rules know of the body of a request. */
export const scheduleSpec = ({
  time_zone: timeZone,
  jitter_seconds: jitterSeconds,
  catch_up_seconds: catchUpSeconds,
  starts_at: startsAt,
  ends_at: endsAt,
  tags,
  ...rest
}: z.output<typeof scheduleBody>): ScheduleSpec => ({
  ...rest,
  tags: [...new Set(tags)],
  timeZone,
  jitterSeconds,
  catchUpSeconds,
  startsAt: startsAt === undefined ? null : Date.parse(startsAt),
  endsAt: endsAt === undefined ? null : Date.parse(endsAt),
});

/** What its audit line says beside its name. */
export const scheduleDetail = ({ name, agent, cron, time_zone, overlap }: z.output<typeof scheduleBody>) => ({
  name,
  agent,
  cron,
  time_zone,
  overlap,
});
