import { Cron } from 'croner';
import { hashOf } from '../run/hash.ts';
import type { ScheduleSpec } from './schedule.ts';

type Times = Pick<ScheduleSpec, 'cron' | 'timeZone' | 'startsAt' | 'endsAt'>;
type Jittered = Times & Pick<ScheduleSpec, 'jitterSeconds'>;

/** Why there is no such schedule, by the field that is wrong; null: there is. */
export function cronProblem({
  cron,
  timeZone,
}: Pick<Times, 'cron' | 'timeZone'>): { readonly field: 'cron' | 'time_zone'; readonly message: string } | null {
  const fields = cron.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6)
    return { field: 'cron', message: `must have 5 fields, or 6 with seconds first; this has ${fields}` };
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    return { field: 'time_zone', message: `${timeZone} is no time zone; write one such as Europe/Berlin or UTC` };
  }
  try {
    // An impossible date, such as 30 February, has no next time.
    if (new Cron(cron, { timezone: timeZone }).nextRun() === null)
      return { field: 'cron', message: 'fits no time at all' };
    return null;
  } catch (error) {
    return { field: 'cron', message: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The first tick after `after`, ms since 1970; null: there is none. A local time that a clock change leaves out is the
 * moment of the change; one that comes twice counts at its first coming. Patterns of every hour or minute go by real time.
 */
export function nextTick({ cron, timeZone, startsAt, endsAt }: Times, after: number): number | null {
  const from = startsAt === null ? after : Math.max(after, startsAt - 1);
  const next = new Cron(cron, { timezone: timeZone }).nextRun(new Date(from))?.getTime() ?? null;
  return next === null || (endsAt !== null && next > endsAt) ? null : next;
}

/**
 * When the run of a tick is to start: every worker comes to the same. Before the next tick, so that ticks keep their
 * order.
 */
export function startOf(id: string, spec: Jittered, tick: number): number {
  if (spec.jitterSeconds === 0) return tick;
  const next = nextTick({ ...spec, endsAt: null }, tick) ?? Number.POSITIVE_INFINITY;
  const bound = Math.min(spec.jitterSeconds * 1_000, next - tick);
  return tick + (Number.parseInt(hashOf([id, tick]).slice(0, 12), 16) % bound);
}

/** The next ticks after `after`, with when their runs are to start. */
export function comingTicks(
  id: string,
  spec: Jittered,
  after: number,
  count: number,
): { readonly tick: number; readonly at: number }[] {
  const ticks: { readonly tick: number; readonly at: number }[] = [];
  for (let tick = nextTick(spec, after); tick !== null && ticks.length < count; tick = nextTick(spec, tick))
    ticks.push({ tick, at: startOf(id, spec, tick) });
  return ticks;
}
