import type { ArtifactPart, Content, Json, Limits, RunEvent } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.ts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import { encodeEvent } from '../log/event-codec.ts';
import { artifactRowOf } from '../log/append-of.ts';
import { beginRun, extendBy } from '../log/loaded-run.ts';
import { project } from '../log/projection.ts';
import { type NewRun, plainRun, type RunAttributes } from '../log/run-store.ts';
import { handle } from '../run/handle.ts';
import { type AgentVersions, pinnedAgents } from '../children/pinned-agents.ts';
import type { Caller } from './caller.ts';
import { inputContent } from './input-content.ts';
import { loweredLimits } from './lowered-limits.ts';
import { resolveVersion, type WantedVersion } from './resolve-version.ts';
import { starterOf } from './starter-of.ts';
import { ruledOut } from './speak.ts';

export interface StartRun extends WantedVersion {
  readonly input: Content | Json;
  /** Files that are the run's by the time it is created. */
  readonly files?: readonly ArtifactPart[] | undefined;
  /** Only lower than the version's. */
  readonly limits?: Partial<Limits> | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Within the tenant, higher goes first. */
  readonly priority?: number;
  /** Runs of one key are at work one at a time. */
  readonly concurrencyKey?: string | undefined;
  /** The conversation that it continues: `joinThread` gives it its place there. */
  readonly thread?: string | undefined;
  /** ms since 1970 */
  readonly startAt?: number | undefined;
  /** ms, counted from the start */
  readonly expiresIn?: number | undefined;
  /** The schedule that it is started by; `tick` in ms since 1970, null = by hand. */
  readonly schedule?: RunAttributes['schedule'] | undefined;
}

/** For whoever gives the run its files before it is made. */
export const newRunId = (): string => uuidv7();

export interface StartRunPorts {
  readonly agents: AgentVersions;
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
}

export interface CreatedRun {
  readonly run: NewRun;
  readonly created: RunEvent;
}

/**
 * A new run, pinned to its version, ready to be created by `RunDirectory.create`; it is accepted once that is
 * committed. `run`: its id, where the caller derives it.
 * @throws HoldfastError `agent_not_found`, `version_not_found`, `alias_not_found`, `limit_not_lower`.
 */
export async function startRun(
  ports: StartRunPorts,
  caller: Caller,
  request: StartRun,
  id: string = newRunId(),
): Promise<CreatedRun> {
  const ref = { tenant: caller.tenant, run: id };
  const version = await resolveVersion(ports.agents, caller, request, ref.run);
  const limits = loweredLimits(version.limits, request.limits ?? {});
  const now = ports.clock.now();
  const times = timesOf(request, now);
  const { files = [] } = request;
  const before = beginRun(ref.run, version);
  const handled = handle(before.state, {
    type: 'create',
    at: now,
    input: [...inputContent(request.input), ...files],
    ...(limits === null ? {} : { limits }),
    metadata: request.metadata,
    ...(request.thread === undefined ? {} : { thread: request.thread }),
    agents: await pinnedAgents(ports.agents, ref, version),
    ...times,
    by: caller.by,
  });
  if ('refused' in handled) throw ruledOut(handled.refused, before.state);
  const after = extendBy(before, handled.events, now);
  const [created] = after.events;
  if (created === undefined || after.events.length !== 1) throw new Error('a run begins with exactly one event');
  const run: NewRun = {
    ...ref,
    agent: version.agent,
    versionId: version.id,
    version: version.number,
    attributes: {
      ...plainRun,
      ...times,
      agentConcurrency: version.concurrency,
      model: version.model.name,
      tags: [...new Set(request.tags)],
      priority: request.priority ?? 0,
      concurrencyKey: request.concurrencyKey ?? null,
      thread: request.thread ?? null,
      starter: starterOf(caller.by),
      schedule: request.schedule ?? null,
    },
    metadata: request.metadata,
    event: await encodeEvent(ports.artifacts, ref, created, uuidv7()),
    projection: project(before.state, after.run.state, now, files.map(artifactRowOf)),
  };
  return { run, created };
}

function timesOf({ startAt, expiresIn }: StartRun, now: number): { startAt?: number; expiresAt?: number } {
  return {
    // A time before 1970 is no time that an event can hold; any that has passed means at once.
    ...(startAt === undefined ? {} : { startAt: Math.max(0, startAt) }),
    ...(expiresIn === undefined ? {} : { expiresAt: Math.max(now, startAt ?? now) + expiresIn }),
  };
}
