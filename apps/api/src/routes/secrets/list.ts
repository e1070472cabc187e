import { pageQuery, secretPage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, pageOf, secretCursor } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { secretResource } from '../../resources/secret.ts';

export const list = route({
  method: 'GET',
  url: '/v1/secrets',
  operation: 'secrets.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Secrets',
  summary: 'List secrets',
  description: 'By name. Values are never shown.',
  answers: { 200: { description: 'A page of secrets.', json: secretPage } },
  audit: true,
  handle: async ({ secrets }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(secretCursor, cursor)[0];
    const rows = await secrets.list(caller, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, secretResource, (row) => encodeCursor(row.name)) };
  },
});
