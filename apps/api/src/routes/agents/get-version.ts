import { agentName, agentVersionResource, versionParameter } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { noBody, nothing, route } from '../../http/route.ts';
import { versionResource } from '../../resources/agent.ts';

export const getVersion = route({
  method: 'GET',
  url: '/v1/agents/:agent/versions/:number',
  operation: 'agents.get-version',
  params: z.strictObject({ agent: agentName, number: versionParameter }),
  query: nothing,
  body: noBody,
  tag: 'Agents',
  summary: 'Get a version',
  answers: {
    200: { description: 'The version, with its tools as they were listed at publish.', json: agentVersionResource },
  },
  refusals: ['version_not_found'],
  handle: async ({ agents }, { caller, params: { agent, number } }) => {
    const found = await agents.version(caller, agent, number);
    if (found === null) throw refused('version_not_found', `There is no version ${number} of an agent ${agent}.`);
    return { status: 200, json: versionResource(found.version, found.spec) };
  },
});
