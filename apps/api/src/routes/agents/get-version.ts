import { agentName, versionNumber } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { noBody, nothing, route } from '../../http/route.ts';
import { versionResource } from '../../resources/agent.ts';

export const getVersion = route({
  method: 'GET',
  url: '/v1/agents/:agent/versions/:number',
  operation: 'agents.get-version',
  params: z.strictObject({ agent: agentName, number: z.coerce.number().pipe(versionNumber) }),
  query: nothing,
  body: noBody,
  handle: async ({ agents }, { caller, params: { agent, number } }) => {
    const found = await agents.version(caller, agent, number);
    if (found === null) throw refused('version_not_found', `There is no version ${number} of an agent ${agent}.`);
    return { status: 200, json: versionResource(found.version, found.spec) };
  },
});
