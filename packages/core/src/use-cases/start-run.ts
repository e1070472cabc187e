import {
  type AgentVersion,
  type Content,
  type Json,
  type Limits,
  type RunEvent,
  text,
  textPart,
} from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { ArtifactStore } from '../log/artifact-store.ts';
import { encodeEvent } from '../log/event-codec.ts';
import { beginRun, extendBy } from '../log/loaded-run.ts';
import { project } from '../log/projection.ts';
import { handle } from '../run/handle.ts';
import { pinnedAgents } from '../children/pinned-agents.ts';
import type { AgentStore } from './agent-store.ts';
import type { Caller } from './caller.ts';
import { chosen } from './chosen-version.ts';
import { refused } from './refused.ts';
import { type NewRun, plainRun } from '../log/run-store.ts';
import { ruledOut } from './speak.ts';

export interface StartRun {
  readonly agent: string;
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
  readonly input: Content | Json;
  /** Only lower than the version's. */
  readonly limits?: Partial<Limits> | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Within the tenant, higher goes first. */
  readonly priority?: number;
  /** Runs of one key are at work one at a time. */
  readonly concurrencyKey?: string | undefined;
}

export interface StartRunPorts {
  readonly agents: AgentStore;
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
}

/**
 * A new run, pinned to its version, ready to be created by `RunDirectory.create`; it is accepted once that is
 * committed.
 * @throws HoldfastError `agent_not_found`, `version_not_found`, `alias_not_found`, `limit_not_lower`.
 */
export async function startRun(
  ports: StartRunPorts,
  caller: Caller,
  request: StartRun,
): Promise<{ run: NewRun; created: RunEvent }> {
  const ref = { tenant: caller.tenant, run: uuidv7() };
  const version = await resolveVersion(ports.agents, caller, request, ref.run);
  const limits = lowered(version.limits, request.limits ?? {});
  const now = ports.clock.now();
  const before = beginRun(ref.run, version);
  const handled = handle(before.state, {
    type: 'create',
    at: now,
    input: inputContent(request.input),
    ...(limits === null ? {} : { limits }),
    metadata: request.metadata,
    agents: await pinnedAgents(ports.agents, ref, version),
    by: caller.by,
  });
  if ('refused' in handled) throw ruledOut(handled.refused);
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
      agentConcurrency: version.concurrency,
      tags: [...new Set(request.tags)],
      priority: request.priority ?? 0,
      concurrencyKey: request.concurrencyKey ?? null,
    },
    metadata: request.metadata,
    event: await encodeEvent(ports.artifacts, ref, created, uuidv7()),
    projection: project(before.state, after.run.state, now),
  };
  return { run, created };
}

async function resolveVersion(
  agents: AgentStore,
  caller: Caller,
  request: StartRun,
  run: string,
): Promise<AgentVersion> {
  const { agent, alias } = request;
  const found = await agents.get(caller, agent);
  if (found === null) throw refused('agent_not_found', `There is no agent ${agent}. Publish it first.`);
  const targets = alias === undefined ? undefined : found.aliases[alias];
  if (alias !== undefined && targets === undefined) {
    const known = Object.keys(found.aliases).join(', ') || 'none';
    throw refused('alias_not_found', `${agent} has no alias ${alias}. It has: ${known}.`);
  }
  const number = request.version ?? (targets === undefined ? found.latest : chosen(targets, run));
  const version = await agents.version(caller, agent, number);
  if (version === null)
    throw refused('version_not_found', `${agent} has no version ${number}. The latest is ${found.latest}.`);
  return version.version;
}

const textParts = z.array(textPart).nonempty();

/** Text stays text, text parts stay parts; any other JSON value is shown to the model as JSON. */
function inputContent(input: Content | Json): Content {
  if (typeof input === 'string') return text(input);
  // A part with one key too many is no part: its event could not be read again.
  const parts = textParts.safeParse(input);
  return parts.success ? parts.data : text(JSON.stringify(input));
}

/** null when the request names no limit. */
function lowered(ofVersion: Limits, wanted: Partial<Limits>): Partial<Limits> | null {
  const names = Object.keys(wanted) as (keyof Limits)[];
  const issues = names.flatMap((name) => {
    const most = ofVersion[name];
    const value = wanted[name];
    if (most === null || value == null || value <= most) return [];
    return [{ path: `/limits/${fieldOf[name]}`, message: `at most ${most} (${unitOf[name]}), the agent's limit` }];
  });
  if (issues.length > 0)
    throw refused('limit_not_lower', 'A run may only lower the limits of its agent version.', issues);
  return names.length === 0 ? null : wanted;
}

const fieldOf = {
  steps: 'steps',
  tokens: 'tokens',
  cost_usd_micros: 'cost_usd',
  active_ms: 'active_time',
  deadline_ms: 'deadline',
} as const satisfies Record<keyof Limits, string>;

const unitOf = {
  steps: 'steps',
  tokens: 'tokens',
  cost_usd_micros: 'micro-dollars',
  active_ms: 'ms',
  deadline_ms: 'ms',
} as const satisfies Record<keyof Limits, string>;
