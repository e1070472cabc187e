import type { AgentSpec } from '@holdfast/contracts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from './refused.ts';
import type { Candidate } from './tool-candidate.ts';

type AgentTool = Extract<AgentSpec['tools'][number], { agent: string }>;

/**
 * Another agent, or the agent itself, as a tool: which version is called is settled when a run is created.
 * @throws HoldfastError `agent_not_found`, `version_not_found`, `alias_not_found`.
 */
export async function agentCandidate(
  agents: AgentVersions,
  scope: TenantScope,
  spec: AgentSpec,
  tool: AgentTool,
  path: string,
): Promise<Candidate> {
  const { agent, version, alias } = tool;
  const found = await agents.get(scope, agent);
  const itself = agent === spec.name;
  if (found === null && !itself)
    throw refused('agent_not_found', `There is no agent ${agent}. Publish it first.`, [
      { path: `${path}/agent`, message: 'no such agent' },
    ]);
  if (version !== undefined && (await agents.version(scope, agent, version)) === null)
    throw refused(
      'version_not_found',
      `${agent} has no version ${version}. The latest is ${found?.latest ?? 'none'}.`,
      [{ path: `${path}/version`, message: 'no such version' }],
    );
  if (alias !== undefined && found?.aliases[alias] === undefined)
    throw refused(
      'alias_not_found',
      `${agent} has no alias ${alias}. It has: ${Object.keys(found?.aliases ?? {}).join(', ') || 'none'}.`,
      [{ path: `${path}/alias`, message: 'no such alias' }],
    );
  const description = itself ? spec.description : (found?.description ?? '');
  return {
    path,
    listed: { name: agent, description: description === '' ? `Runs the agent ${agent}.` : description, input_schema },
    source: { type: 'agent', agent, version: version ?? null, alias: alias ?? null },
    // Created with its intent, under an id that is always the same: it is never started twice.
    effect: 'idempotent',
    approval: tool.approval ?? null,
    retries: spec.retries,
  };
}

const input_schema = {
  type: 'object',
  properties: { input: { description: 'What the agent is asked to do: text, or any JSON value.' } },
  required: ['input'],
  additionalProperties: false,
};
