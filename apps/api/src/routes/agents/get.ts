import { agentName, agentSummary } from '@holdfast/contracts';
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
  tag: 'Agents',
  summary: 'Get an agent',
  answers: { 200: { description: 'The agent.', json: agentSummary } },
  refusals: ['agent_not_found'],
  handle: async ({ agents }, { caller, params: { agent } }) => {
    const found = await agents.get(caller, agent);
    if (found === null) throw refused('agent_not_found', `There is no agent ${agent}.`);
    return { status: 200, json: agentResource(found) };
  },
});
