import { v7 as uuidv7 } from 'uuid';
import type { AgentVersions } from '../children/pinned-agents.ts';
import type { Clock } from '../clock.ts';
import type { ScheduleSpec } from '../schedules/schedule.ts';
import { cronProblem, nextTick } from '../schedules/ticks.ts';
import type { Caller } from './caller.ts';
import { refused } from './refused.ts';
import { resolveVersion } from './resolve-version.ts';

export interface CheckSchedulePorts {
  readonly agents: AgentVersions;
  readonly clock: Clock;
}

/** @throws HoldfastError `validation_failed`, `agent_not_found`, `version_not_found`, `alias_not_found`. */
export async function checkSchedule(
  { agents, clock }: CheckSchedulePorts,
  caller: Caller,
  spec: ScheduleSpec,
): Promise<void> {
  const times = checkTimes(spec, clock.now());
  if (times !== null)
    throw refused('validation_failed', `The schedule does not fit: ${times.path.slice(1)} ${times.message}.`, [times]);
  await resolveVersion(agents, caller, spec, uuidv7());
}

/** What is wrong with them, and where; null: nothing. */
export function checkTimes(
  times: Pick<ScheduleSpec, 'cron' | 'timeZone' | 'startsAt' | 'endsAt'>,
  now: number,
): { readonly path: string; readonly message: string } | null {
  const problem = cronProblem(times);
  if (problem !== null) return { path: `/${problem.field}`, message: problem.message };
  if (nextTick(times, now) === null) return { path: '/ends_at', message: 'leaves no time that is still to come' };
  return null;
}
