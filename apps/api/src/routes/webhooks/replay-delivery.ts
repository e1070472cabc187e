import { webhookDelivery } from '@holdfast/contracts';
import { noDelivery, noWebhook, sendAgain } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { deliveryResourceOf } from '../../resources/webhook.ts';
import { webhookParams, webhookNow } from './webhook-route.ts';

export const replayDelivery = route({
  method: 'POST',
  url: '/v1/webhooks/:webhook/deliveries/:delivery/replay',
  operation: 'webhooks.replay-delivery',
  params: webhookParams.extend({ delivery: z.uuid().transform((id) => id.toLowerCase()) }),
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Webhooks',
  summary: 'Send the event of a delivery again',
  description:
    'At once and once, with the same `webhook-id`, whatever else waits to be sent; the answer says what came of it.',
  answers: { 200: { description: 'The attempt, delivered or failed.', json: webhookDelivery } },
  refusals: ['webhook_not_found', 'delivery_not_found', 'secrets_unavailable'],
  resource: webhookNow,
  audit: ({ answer }) => {
    const { run_id: run, seq, state } = webhookDelivery.parse(answer.json);
    return { detail: { run, seq, state } };
  },
  handle: async (ports, { caller, params, change }) => {
    const webhook = await ports.webhooks.get(caller, params.webhook);
    if (webhook === null) throw noWebhook(params.webhook);
    const old = await ports.webhooks.delivery(caller, webhook.id, params.delivery);
    if (old === null) throw noDelivery(params.delivery);
    const delivery = await sendAgain(ports, caller, webhook, old);
    return change(async ({ webhooks }) => {
      await webhooks.note(caller, webhook.id, delivery);
      return { status: 200, json: deliveryResourceOf(delivery) };
    });
  },
});
