import { agentName, aliasName, aliasResource } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/etag.ts';
import { noBody, nothing, route } from '../../http/route.ts';

export const getAlias = route({
  method: 'GET',
  url: '/v1/agents/:agent/aliases/:alias',
  operation: 'agents.get-alias',
  params: z.strictObject({ agent: agentName, alias: aliasName }),
  query: nothing,
  body: noBody,
  tag: 'Agents',
  summary: 'Get an alias',
  answers: {
    200: { description: 'The alias.', json: aliasResource, headers: { ETag: 'For `If-Match` of a change.' } },
  },
  refusals: ['agent_not_found', 'alias_not_found'],
  handle: async ({ agents }, { caller, params: { agent, alias } }) => {
    const found = await agents.get(caller, agent);
    if (found === null) throw refused('agent_not_found', `There is no agent ${agent}.`);
    const targets = found.aliases[alias];
    if (targets === undefined) throw refused('alias_not_found', `${agent} has no alias ${alias}.`);
    return { status: 200, json: { agent, alias, targets }, headers: { etag: etagOf(targets) } };
  },
});
