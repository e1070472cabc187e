import { listThreadsQuery, threadPage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { threadResource } from '../../resources/thread.ts';

export const list = route({
  method: 'GET',
  url: '/v1/threads',
  operation: 'threads.list',
  params: nothing,
  query: listThreadsQuery,
  body: noBody,
  tag: 'Threads',
  summary: 'List threads',
  description: 'Newest first.',
  answers: { 200: { description: 'A page of threads.', json: threadPage } },
  handle: async ({ threads }, { caller, query: { cursor, limit } }) => {
    const before = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await threads.list(caller, before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, threadResource, (row) => encodeCursor(row.id)) };
  },
});
