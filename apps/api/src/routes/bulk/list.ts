import { bulkPage, listBulkQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { bulkResource } from '../../resources/bulk.ts';

export const list = route({
  method: 'GET',
  url: '/v1/bulk',
  operation: 'bulk.list',
  params: nothing,
  query: listBulkQuery,
  body: noBody,
  tag: 'Runs',
  summary: 'List bulk operations',
  description: 'Newest first.',
  answers: { 200: { description: 'A page of bulk operations.', json: bulkPage } },
  handle: async (ports, { caller, query: { cursor, limit } }) => {
    const before = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await ports.bulk.list(caller, before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, bulkResource, (row) => encodeCursor(row.id)) };
  },
});
