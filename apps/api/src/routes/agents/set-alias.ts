import { type AliasTarget, agentName, agentSummary, aliasName, setAliasBody } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { etagOf, ifMatch, ifMatchOf, stale } from '../../http/etag.ts';
import { nothing, route } from '../../http/route.ts';
import { aliasNow } from './alias-now.ts';
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
  headers: { 'If-Match': ifMatchOf('The alias changes only when this is its ETag; `*`: only when it exists.') },
  answers: {
    200: { description: 'The agent.', json: agentSummary, headers: { ETag: 'Names what the alias stands for now.' } },
  },
  refusals: ['agent_not_found', 'version_not_found', 'etag_mismatch'],
  resource: aliasNow,
  audit: ({ body }) => ({ detail: { targets: targetsOf(body) } }),
  handle: (_ports, { caller, params: { agent, alias }, body, request, change }) => {
    const targets = targetsOf(body);
    const permits = ifMatch(request);
    return change(async ({ agents }) => {
      if ((await agents.get(caller, agent)) === null) throw refused('agent_not_found', `There is no agent ${agent}.`);
      const outcome = await agents.setAlias(caller, agent, alias, targets, permits);
      if (outcome === 'stale') throw stale(`The alias ${alias} of ${agent}`);
      const now = await agents.get(caller, agent);
      if (outcome === 'no-version' || now === null)
        throw refused('version_not_found', `${agent} has no such version; the latest is ${now?.latest ?? 0}.`, [
          { path: 'version' in body ? '/version' : '/versions', message: `versions from 1 to ${now?.latest ?? 0}` },
        ]);
      const set = targets.toSorted((left, right) => left.version - right.version);
      return { status: 200, json: agentResource(now), headers: { etag: etagOf(set) } };
    });
  },
});

const targetsOf = (body: z.output<typeof setAliasBody>): AliasTarget[] =>
  'version' in body ? [{ version: body.version, weight: 1 }] : body.versions;
