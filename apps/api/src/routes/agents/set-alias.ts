import { agentName, aliasName, setAliasBody } from '@holdfast/contracts';
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
  handle: async ({ agents }, { caller, params: { agent, alias }, body: { version } }) => {
    if ((await agents.get(caller, agent)) === null) throw refused('agent_not_found', `There is no agent ${agent}.`);
    const set = await agents.setAlias(caller, agent, alias, version);
    const now = await agents.get(caller, agent);
    if (!set || now === null)
      throw refused('version_not_found', `${agent} has no version ${version}; the latest is ${now?.latest ?? 0}.`, [
        { path: '/version', message: `a version from 1 to ${now?.latest ?? 0}` },
      ]);
    return { status: 200, json: agentResource(now) };
  },
});
