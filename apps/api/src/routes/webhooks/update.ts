import { webhookBody } from '@holdfast/contracts';
import { noWebhook } from '@holdfast/core';
import { stale } from '../../http/etag.ts';
import { etagOf, expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { nothing, route } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';
import { settingsOf, webhookAnswer, webhookFacts, webhookParams, webhookNow } from './webhook-route.ts';

export const update = route({
  method: 'PUT',
  url: '/v1/webhooks/:webhook',
  operation: 'webhooks.update',
  params: webhookParams,
  query: nothing,
  body: webhookBody,
  tag: 'Webhooks',
  summary: 'Change a webhook',
  description:
    'Sets all of it but its secret; what is left out gets its default. Events that wait to be sent go to the new URL, and those whose type is no longer wanted are not sent.',
  headers: { 'If-Match': ifMatch },
  answers: { 200: webhookAnswer },
  refusals: ['invalid_request', 'webhook_not_found', 'webhook_url_refused', 'etag_mismatch'],
  resource: webhookNow,
  audit: webhookFacts,
  handle: ({ sender }, { caller, params, body, request, change }) => {
    const expected = expectedVersion(request);
    const settings = settingsOf(sender, body);
    return change(async ({ webhooks }) => {
      const webhook = await webhooks.update(caller, params.webhook, settings, expected);
      if (webhook === 'missing') throw noWebhook(params.webhook);
      if (webhook === 'mismatch') throw stale(`The webhook ${params.webhook}`);
      return { status: 200, json: webhookResourceOf(webhook), headers: { etag: etagOf(webhook.version) } };
    });
  },
});
