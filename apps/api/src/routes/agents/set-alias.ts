import { type AliasTarget, agentName, agentSummary, aliasName, setAliasBody } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { agentResource } from '../../resources/agent.ts';

/** Makes the alias, or moves it. Runs that were started before keep their version. */
export const setAlias = route({
  method: 'PUT',
  url: '/v1/agents/:agent/aliases/:alias',
  operation: 'agents.set-alias',
  params: z.strictObject({ agent: agentName, alias: aliasName }),
  query: nothing,
  body: setAliasBody,
  tag: 'Agents',
  summary: 'Make or move an alias',
  description: 'Runs that were started before keep their version.',
  answers: { 200: { description: 'The agent.', json: agentSummary } },
  refusals: ['agent_not_found', 'version_not_found'],
  audit: ({ body }) => ({ detail: { targets: targetsOf(body) } }),
  handle: (_ports, { caller, params: { agent, alias }, body, change }) =>
    change(async ({ agents }) => {
      if ((await agents.get(caller, agent)) === null) throw refused('agent_not_found', `There is no agent ${agent}.`);
      const set = await agents.setAlias(caller, agent, alias, targetsOf(body));
      const now = await agents.get(caller, agent);
      if (!set || now === null)
        throw refused('version_not_found', `${agent} has no such version; the latest is ${now?.latest ?? 0}.`, [
          { path: 'version' in body ? '/version' : '/versions', message: `versions from 1 to ${now?.latest ?? 0}` },
        ]);
      return { status: 200, json: agentResource(now) };
    }),
});

const targetsOf = (body: z.output<typeof setAliasBody>): AliasTarget[] =>
  'version' in body ? [{ version: body.version, weight: 1 }] : body.versions;
