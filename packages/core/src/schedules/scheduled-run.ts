import { derivedId } from '../run/derived-id.ts';
import type { Caller } from '../use-cases/caller.ts';
import { type CreatedRun, startRun, type StartRunPorts } from '../use-cases/start-run.ts';
import type { Schedule } from './schedule.ts';

/** Ids tell when a run was created, up to this, ms: lists of runs by time rely on it. */
const ID_AGE_MS = 1_800_000;

/**
 * The run of a tick, ready to be created. Two workers, and whoever repeats what was not committed, come to the same id;
 * and whatever its id, the database takes one run for a tick. `tick` null: it is started by hand.
 * @throws HoldfastError as `startRun`.
 */
export function scheduledRun(
  ports: StartRunPorts,
  caller: Caller,
  { id, spec }: Schedule,
  tick: number | null,
): Promise<CreatedRun> {
  const { agent, version, alias, input, metadata, tags, priority } = spec;
  const request = { agent, version, alias, input, metadata, tags, priority, schedule: { id, tick } };
  return startRun(ports, caller, request, tick === null ? undefined : runIdOf(id, tick, ports.clock.now()));
}

/** Its time is the tick's, or for one that is made up for much later a full half hour after it. */
export function runIdOf(schedule: string, tick: number, now: number): string {
  const late = Math.max(0, Math.floor((now - tick) / ID_AGE_MS));
  return derivedId(tick + late * ID_AGE_MS, 'schedule', schedule, String(tick));
}
