import { agentName, aliasName } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { ifMatch, ifMatchOf, stale } from '../../http/etag.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { aliasNow } from './alias-now.ts';

export const deleteAlias = route({
  method: 'DELETE',
  url: '/v1/agents/:agent/aliases/:alias',
  operation: 'agents.delete-alias',
  params: z.strictObject({ agent: agentName, alias: aliasName }),
  query: nothing,
  body: noBody,
  tag: 'Agents',
  summary: 'Delete an alias',
  description: 'Runs that it chose a version for keep it.',
  headers: { 'If-Match': ifMatchOf('The alias goes only when this is its ETag.') },
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['alias_not_found', 'etag_mismatch'],
  resource: aliasNow,
  audit: true,
  handle: (_ports, { caller, params: { agent, alias }, request, change }) => {
    const permits = ifMatch(request);
    return change(async ({ agents }) => {
      const outcome = await agents.deleteAlias(caller, agent, alias, permits);
      if (outcome === 'stale') throw stale(`The alias ${alias} of ${agent}`);
      if (outcome === 'missing') throw refused('alias_not_found', `There is no agent ${agent} with an alias ${alias}.`);
      return { status: 204 };
    });
  },
});
