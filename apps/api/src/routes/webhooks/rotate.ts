import { rotateWebhookBody } from '@holdfast/contracts';
import { noWebhook, rotateWebhookSecret } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';
import { newWebhookAnswer, refuseIdempotencyKey, webhookParams, webhookNow } from './webhook-route.ts';

export const rotate = route({
  method: 'POST',
  url: '/v1/webhooks/:webhook/rotate',
  operation: 'webhooks.rotate',
  params: webhookParams,
  query: nothing,
  body: rotateWebhookBody,
  tag: 'Webhooks',
  summary: 'Give a webhook a new secret',
  description:
    'For `overlap`, 24 h when left out, messages bear the signatures of both. The new secret is in this answer and nowhere else. An `Idempotency-Key` is refused, since the answer would be stored.',
  answers: { 200: newWebhookAnswer },
  refusals: ['invalid_request', 'webhook_not_found', 'secrets_unavailable'],
  resource: webhookNow,
  audit: true,
  handle: ({ cipher, clock }, { caller, params, body, request, change }) => {
    refuseIdempotencyKey(request);
    const until = clock.now() + body.overlap;
    return change(async ({ webhooks, secrets }) => {
      const webhook = await webhooks.get(caller, params.webhook);
      if (webhook === null) throw noWebhook(params.webhook);
      const secret = await rotateWebhookSecret({ secrets, cipher }, caller, webhook.id, until);
      return { status: 200, json: { ...webhookResourceOf(webhook), secret } };
    });
  },
});
