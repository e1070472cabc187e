import { listDeliveriesQuery, webhookDeliveryPage } from '@holdfast/contracts';
import { noWebhook } from '@holdfast/core';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, route } from '../../http/route.ts';
import { deliveryResourceOf } from '../../resources/webhook.ts';
import { webhookParams } from './webhook-route.ts';

export const listDeliveries = route({
  method: 'GET',
  url: '/v1/webhooks/:webhook/deliveries',
  operation: 'webhooks.deliveries',
  params: webhookParams,
  query: listDeliveriesQuery,
  body: noBody,
  tag: 'Webhooks',
  summary: 'List deliveries',
  description: 'Each attempt to send something, newest first; kept for 30 days, and not longer than the run.',
  answers: { 200: { description: 'A page of deliveries.', json: webhookDeliveryPage } },
  refusals: ['webhook_not_found'],
  handle: async ({ webhooks }, { caller, params: { webhook }, query: { cursor, limit, ...filter } }) => {
    const before = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    if ((await webhooks.get(caller, webhook)) === null) throw noWebhook(webhook);
    const rows = await webhooks.deliveries(caller, webhook, filter, before, limit + 1);
    return { status: 200, json: pageOf(rows, limit, deliveryResourceOf, (row) => encodeCursor(row.id)) };
  },
});
