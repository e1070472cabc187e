import type { AgentVersion } from '@holdfast/contracts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { chosen } from './chosen-version.ts';
import { refused } from './refused.ts';

/** Neither: the latest. */
export interface WantedVersion {
  readonly agent: string;
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
}

/** @throws HoldfastError `agent_not_found`, `version_not_found`, `alias_not_found`. */
export async function resolveVersion(
  agents: AgentVersions,
  caller: TenantScope,
  request: WantedVersion,
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
