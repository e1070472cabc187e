import { noWebhook } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/expected-version.ts';
import { nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';
import { webhookAnswer, webhookParams, webhookNow } from './webhook-route.ts';

export const enable = route({
  method: 'POST',
  url: '/v1/webhooks/:webhook/enable',
  operation: 'webhooks.enable',
  params: webhookParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Webhooks',
  summary: 'Enable a webhook',
  description: 'It goes on where it stopped: what happened meanwhile is sent, too, as far as its runs are still there.',
  answers: { 200: webhookAnswer },
  refusals: ['webhook_not_found'],
  resource: webhookNow,
  audit: true,
  handle: (_ports, { caller, params, change }) =>
    change(async ({ webhooks }) => {
      const webhook = await webhooks.enable(caller, params.webhook);
      if (webhook === null) throw noWebhook(params.webhook);
      return { status: 200, json: webhookResourceOf(webhook), headers: { etag: etagOf(webhook.version) } };
    }),
});
