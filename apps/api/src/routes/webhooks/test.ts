import { webhookDelivery } from '@holdfast/contracts';
import { noWebhook, sendTest } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { deliveryResourceOf } from '../../resources/webhook.ts';
import { webhookParams, webhookNow } from './webhook-route.ts';

export const test = route({
  method: 'POST',
  url: '/v1/webhooks/:webhook/test',
  operation: 'webhooks.test',
  params: webhookParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Webhooks',
  summary: 'Send a test message',
  description:
    'At once, signed, of type `webhook.test`; the answer says what came of it. A disabled webhook is sent it, too.',
  answers: { 200: { description: 'The attempt, delivered or failed.', json: webhookDelivery } },
  refusals: ['webhook_not_found', 'secrets_unavailable'],
  resource: webhookNow,
  audit: ({ answer }) => ({ detail: { state: webhookDelivery.parse(answer.json).state } }),
  handle: async (ports, { caller, params, change }) => {
    const webhook = await ports.webhooks.get(caller, params.webhook);
    if (webhook === null) throw noWebhook(params.webhook);
    const delivery = await sendTest(ports, caller, webhook);
    return change(async ({ webhooks }) => {
      await webhooks.note(caller, webhook.id, delivery);
      return { status: 200, json: deliveryResourceOf(delivery) };
    });
  },
});
