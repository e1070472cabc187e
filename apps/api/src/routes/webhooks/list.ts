import { pageQuery, webhookPage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';

export const list = route({
  method: 'GET',
  url: '/v1/webhooks',
  operation: 'webhooks.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Webhooks',
  summary: 'List webhooks',
  description: 'Oldest first, disabled ones too. Secrets are never shown.',
  answers: { 200: { description: 'A page of webhooks.', json: webhookPage } },
  handle: async ({ webhooks }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await webhooks.list(caller, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, webhookResourceOf, (row) => encodeCursor(row.id)) };
  },
});
