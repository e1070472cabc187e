import { noWebhook } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/expected-version.ts';
import { nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';
import { webhookAnswer, webhookParams, webhookNow } from './webhook-route.ts';

export const disable = route({
  method: 'POST',
  url: '/v1/webhooks/:webhook/disable',
  operation: 'webhooks.disable',
  params: webhookParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Webhooks',
  summary: 'Disable a webhook',
  description: 'Nothing is sent until it is enabled. What happens meanwhile is kept for then.',
  answers: { 200: webhookAnswer },
  refusals: ['webhook_not_found'],
  resource: webhookNow,
  audit: true,
  handle: (_ports, { caller, params, change }) =>
    change(async ({ webhooks }) => {
      const webhook = await webhooks.disable(caller, params.webhook);
      if (webhook === null) throw noWebhook(params.webhook);
      return { status: 200, json: webhookResourceOf(webhook), headers: { etag: etagOf(webhook.version) } };
    }),
});
