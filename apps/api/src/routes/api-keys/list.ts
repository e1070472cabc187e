import { keyPage, pageQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { keyResourceOf } from '../../resources/api-key.ts';

export const list = route({
  method: 'GET',
  url: '/v1/api-keys',
  operation: 'api-keys.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Administration',
  summary: 'List API keys',
  description: 'Oldest first, revoked ones too. Their texts are never shown again.',
  answers: { 200: { description: 'A page of keys.', json: keyPage } },
  audit: true,
  handle: async ({ keys }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await keys.list(caller, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, keyResourceOf, (row) => encodeCursor(row.id)) };
  },
});
