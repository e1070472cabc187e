import { agentPage, pageQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, nameCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { agentResource } from '../../resources/agent.ts';

export const list = route({
  method: 'GET',
  url: '/v1/agents',
  operation: 'agents.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Agents',
  summary: 'List agents',
  description: 'By name.',
  answers: { 200: { description: 'A page of agents.', json: agentPage } },
  handle: async ({ agents }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(nameCursor, cursor)[0];
    const rows = await agents.list(caller, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, agentResource, (row) => encodeCursor(row.name)) };
  },
});
