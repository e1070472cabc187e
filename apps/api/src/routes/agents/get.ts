import { agentName } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { noBody, nothing, route } from '../../http/route.ts';
import { agentResource } from '../../resources/agent.ts';

export const get = route({
  method: 'GET',
  url: '/v1/agents/:agent',
  operation: 'agents.get',
  params: z.strictObject({ agent: agentName }),
  query: nothing,
  body: noBody,
  handle: async ({ agents }, { caller, params: { agent } }) => {
    const found = await agents.get(caller, agent);
    if (found === null) throw refused('agent_not_found', `There is no agent ${agent}.`);
    return { status: 200, json: agentResource(found) };
  },
});
