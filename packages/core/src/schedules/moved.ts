import { bySchedule, type Schedule, type SchedulePause, type ScheduleError, type ScheduleSpec } from './schedule.ts';
import type { Move } from './next-move.ts';
import { startOf, nextTick } from './ticks.ts';

/** What a schedule is after each thing that can happen to it. */

/** Ticks in a row whose run could not be started, after which it pauses itself. */
export const MOST_FAILURES = 10;

const step = (schedule: Schedule, changes: Partial<Schedule>): Schedule => ({
  ...schedule,
  ...changes,
  step: schedule.step + 1,
});

export const passed = (
  schedule: Schedule,
  { type, count, reached }: Extract<Move, { type: 'skip' | 'miss' }>,
): Schedule =>
  step(
    schedule,
    type === 'skip' ? { reached, skipped: schedule.skipped + count } : { reached, missed: schedule.missed + count },
  );

/** The one that waited before, if any, will not come. */
export const buffered = (schedule: Schedule, tick: number | null): Schedule =>
  step(schedule, {
    buffered: { tick },
    reached: tick ?? schedule.reached,
    skipped: schedule.skipped + (schedule.buffered === null ? 0 : 1),
  });

type Start = Omit<Extract<Move, { type: 'start' }>, 'type'>;

const taken = (schedule: Schedule, { tick, fromBuffer }: Start): Partial<Schedule> =>
  fromBuffer ? { buffered: null } : { reached: tick ?? schedule.reached };

export const started = (schedule: Schedule, start: Start, run: string): Schedule =>
  step(schedule, {
    ...taken(schedule, start),
    fired: schedule.fired + 1,
    failuresInRow: 0,
    lastRun: run,
    lastTick: start.tick ?? schedule.lastTick,
  });

export function notStarted(
  schedule: Schedule,
  start: Start,
  { code, detail }: Pick<ScheduleError, 'code' | 'detail'>,
  now: number,
): Schedule {
  const failuresInRow = schedule.failuresInRow + 1;
  const waits = !start.fromBuffer && schedule.buffered !== null;
  const reason = `${MOST_FAILURES} ticks in a row could not start a run, the last one: ${code}: ${detail.slice(0, 500)}`;
  return step(schedule, {
    ...taken(schedule, start),
    failed: schedule.failed + 1,
    failuresInRow,
    lastError: { at: now, tick: start.tick, code, detail: detail.slice(0, 500) },
    ...(failuresInRow < MOST_FAILURES
      ? {}
      : {
          paused: { at: now, by: bySchedule, reason },
          buffered: null,
          skipped: schedule.skipped + (waits ? 1 : 0),
        }),
  });
}

/** By people: it bears another version then. What had been waiting for the end of a run does not start. */
export const paused = (schedule: Schedule, pause: SchedulePause): Schedule =>
  step(schedule, {
    paused: pause,
    buffered: null,
    skipped: schedule.skipped + (schedule.buffered === null ? 0 : 1),
    version: schedule.version + 1,
    updatedAt: pause.at,
  });

/** Ticks of the time between are nobody's. */
export const resumed = (schedule: Schedule, now: number): Schedule =>
  step(schedule, {
    paused: null,
    reached: Math.max(schedule.reached, now),
    failuresInRow: 0,
    version: schedule.version + 1,
    updatedAt: now,
  });

/** Ticks of other times count from now on. */
export function changed(schedule: Schedule, spec: ScheduleSpec, now: number): Schedule {
  const times = ['cron', 'timeZone', 'jitterSeconds', 'startsAt', 'endsAt'] as const;
  const sameTimes = times.every((name) => schedule.spec[name] === spec[name]);
  return step(schedule, {
    spec,
    reached: sameTimes ? schedule.reached : now,
    failuresInRow: 0,
    version: schedule.version + 1,
    updatedAt: now,
  });
}

/** When a worker must look at it, ms since 1970; null: not before somebody changes it. */
export function dueAt({ id, spec, paused: pause, buffered: waiting, reached }: Schedule, now: number): number | null {
  if (pause !== null) return null;
  if (waiting !== null) return now;
  const tick = nextTick(spec, reached);
  return tick === null ? null : startOf(id, spec, tick);
}
