import { agentName, pageQuery, versionPage } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { decodeCursor, encodeCursor, pageOf, versionCursor } from '../../http/cursor.ts';
import { noBody, route } from '../../http/route.ts';
import { iso } from '../../resources/time.ts';

export const listVersions = route({
  method: 'GET',
  url: '/v1/agents/:agent/versions',
  operation: 'agents.list-versions',
  params: z.strictObject({ agent: agentName }),
  query: pageQuery,
  body: noBody,
  tag: 'Agents',
  summary: "List an agent's versions",
  description: 'Newest first.',
  answers: { 200: { description: 'A page of versions.', json: versionPage } },
  refusals: ['agent_not_found'],
  handle: async ({ agents }, { caller, params: { agent }, query: { cursor, limit } }) => {
    const before = cursor === undefined ? null : decodeCursor(versionCursor, cursor)[0];
    const rows = await agents.versions(caller, agent, before, limit + 1);
    if (rows.length === 0 && (await agents.get(caller, agent)) === null)
      throw refused('agent_not_found', `There is no agent ${agent}.`);
    const resource = ({ id, number, createdAt }: (typeof rows)[number]) => ({
      agent,
      number,
      id,
      created_at: iso(createdAt),
    });
    return { status: 200, json: pageOf(rows, limit, resource, ({ number }) => encodeCursor(number)) };
  },
});
