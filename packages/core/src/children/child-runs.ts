import { type AgentVersion, type BodyOf, type Content, type Json, type RunEvent, text } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { ArtifactStore } from '../log/artifact-store.ts';
import { encodeEvent } from '../log/event-codec.ts';
import { beginRun, extendBy, type LogPorts } from '../log/loaded-run.ts';
import { project } from '../log/projection.ts';
import { type NewRun, plainRun } from '../log/run-store.ts';
import { byParent } from '../run/children.ts';
import { findToolCall } from '../run/effects.ts';
import { handle } from '../run/handle.ts';
import type { RunState } from '../run/state.ts';
import type { RunRef } from '../tenant-scope.ts';
import { type AgentVersions, pinnedAgents } from './pinned-agents.ts';

export interface ChildRunPorts {
  readonly artifacts: ArtifactStore;
  readonly versions: LogPorts['versions'];
  readonly agents: AgentVersions;
}

/** The runs that these events of their parent start, to be created in the same append. Large inputs are stored first. */
export async function childRuns(
  ports: ChildRunPorts,
  ref: RunRef,
  parent: RunState,
  events: readonly RunEvent[],
): Promise<readonly NewRun[]> {
  const children: NewRun[] = [];
  for (const event of events)
    if (event.type === 'child.started') children.push(await childRun(ports, ref, parent, event));
  return children;
}

async function childRun(
  ports: ChildRunPorts,
  { tenant, run: parentId }: RunRef,
  parent: RunState,
  { at, data }: RunEvent & BodyOf<'child.started'>,
): Promise<NewRun> {
  const { call, limits, depth, descendants } = data;
  const ref = { tenant, run: data.run };
  const version = await ports.versions(ref, data.version_id);
  if (version === null) throw new Error(`run ${parentId}: the version ${data.version_id} is not in the database`);
  const before = beginRun(ref.run, version);
  const handled = handle(before.state, {
    type: 'create',
    at,
    input: inputOf(parent, call),
    limits,
    metadata: {},
    agents: await pinnedAgents(ports.agents, ref, version),
    parent: { run: parentId, call, root: rootOf(parent), depth, descendants },
    ...(parent.phase === 'live' ? { startedBy: parent.startedBy } : {}),
    by: byParent,
  });
  if ('refused' in handled) throw new Error(`run ${parentId}: its child was refused: ${handled.refused.message}`);
  const after = extendBy(before, handled.events, at);
  const [created] = after.events;
  if (created === undefined) throw new Error('a run begins with an event');
  return {
    ...ref,
    ...pinnedTo(version),
    attributes: { ...plainRun, agentConcurrency: version.concurrency, parent: { run: parentId, call } },
    metadata: {},
    event: await encodeEvent(ports.artifacts, ref, created, uuidv7()),
    projection: project(before.state, after.run.state, at),
  };
}

const pinnedTo = ({ agent, id, number }: AgentVersion) => ({ agent, versionId: id, version: number });

function inputOf(parent: RunState, call: string): Content {
  const requested = parent.phase === 'live' ? findToolCall(parent, call)?.requested : undefined;
  if (requested === undefined)
    throw new Error(`run ${parent.run}: a child was started by ${call}, which nobody asked for`);
  const input: Json = requested.arguments['input'] ?? null;
  return text(typeof input === 'string' ? input : JSON.stringify(input));
}

const rootOf = (parent: RunState): string =>
  parent.phase === 'live' ? (parent.parent?.root ?? parent.run) : parent.run;
