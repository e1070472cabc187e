import type { AgentVersion, PinnedAgent, PinnedAgents, ToolSource } from '@holdfast/contracts';
import type { RunRef } from '../tenant-scope.ts';
import type { AgentStore } from '../use-cases/agent-store.ts';
import { chosen } from '../use-cases/chosen-version.ts';

export type AgentVersions = Pick<AgentStore, 'get' | 'version'>;

/**
 * The versions of the agents that a new run may call, as they stand at its creation. What is not there is left out:
 * its call is then answered as not run.
 */
export async function pinnedAgents(agents: AgentVersions, ref: RunRef, version: AgentVersion): Promise<PinnedAgents> {
  const pinned: Record<string, PinnedAgent> = {};
  for (const { name, source } of version.tools) {
    const found = source.type === 'agent' ? await pinnedAgent(agents, ref, source) : null;
    if (found !== null) pinned[name] = found;
  }
  return pinned;
}

async function pinnedAgent(
  agents: AgentVersions,
  ref: RunRef,
  { agent, version, alias }: Extract<ToolSource, { type: 'agent' }>,
): Promise<PinnedAgent | null> {
  const number = version ?? (await numberOf(agents, ref, agent, alias));
  const found = number === null ? null : await agents.version(ref, agent, number);
  if (found === null) return null;
  const { id, limits } = found.version;
  return { version: found.version.number, version_id: id, limits };
}

async function numberOf(
  agents: AgentVersions,
  ref: RunRef,
  agent: string,
  alias: string | null,
): Promise<number | null> {
  const found = await agents.get(ref, agent);
  if (found === null || alias === null) return found?.latest ?? null;
  const targets = found.aliases[alias];
  return targets === undefined ? null : chosen(targets, ref.run);
}
