import { webhookBody } from '@holdfast/contracts';
import { createWebhook, withinQuota } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';
import { newWebhookAnswer, refuseIdempotencyKey, settingsOf, webhookFacts } from './webhook-route.ts';

export const create = route({
  method: 'POST',
  url: '/v1/webhooks',
  operation: 'webhooks.create',
  params: nothing,
  query: nothing,
  body: webhookBody,
  tag: 'Webhooks',
  summary: 'Make a webhook',
  description:
    'From then on the URL is sent each event of the given types, signed as Standard Webhooks asks, at least once, the events of a run in their order. The secret is in this answer and nowhere else. An `Idempotency-Key` is refused, since the answer would be stored.',
  answers: { 201: newWebhookAnswer },
  refusals: ['invalid_request', 'webhook_url_refused', 'quota_exceeded', 'secrets_unavailable'],
  audit: webhookFacts,
  handle: ({ cipher, quotas, sender }, { caller, body, request, change }) => {
    refuseIdempotencyKey(request);
    const settings = settingsOf(sender, body);
    return change(async (stores) => {
      const { webhook, secret } = await withinQuota(stores, quotas, caller, 'webhooks', () =>
        createWebhook(stores, cipher, caller, settings),
      );
      return { status: 201, json: { ...webhookResourceOf(webhook), secret } };
    });
  },
});
