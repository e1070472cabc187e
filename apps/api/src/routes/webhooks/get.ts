import { noWebhook } from '@holdfast/core';
import { etagOf } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';
import { webhookAnswer, webhookParams } from './webhook-route.ts';

export const get = route({
  method: 'GET',
  url: '/v1/webhooks/:webhook',
  operation: 'webhooks.get',
  params: webhookParams,
  query: nothing,
  body: noBody,
  tag: 'Webhooks',
  summary: 'Get a webhook',
  answers: { 200: webhookAnswer },
  refusals: ['webhook_not_found'],
  handle: async ({ webhooks }, { caller, params }) => {
    const webhook = await webhooks.get(caller, params.webhook);
    if (webhook === null) throw noWebhook(params.webhook);
    return { status: 200, json: webhookResourceOf(webhook), headers: { etag: etagOf(webhook.version) } };
  },
});
