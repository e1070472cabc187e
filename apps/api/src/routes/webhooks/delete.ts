import { deleteWebhookSecret, noWebhook } from '@holdfast/core';
import { stale } from '../../http/etag.ts';
import { expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { webhookParams, webhookNow } from './webhook-route.ts';

export const remove = route({
  method: 'DELETE',
  url: '/v1/webhooks/:webhook',
  operation: 'webhooks.delete',
  params: webhookParams,
  query: nothing,
  body: noBody,
  tag: 'Webhooks',
  summary: 'Delete a webhook',
  description: 'With its deliveries and all that waits to be sent. A message that is under way still arrives.',
  headers: { 'If-Match': ifMatch },
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['invalid_request', 'webhook_not_found', 'etag_mismatch'],
  resource: webhookNow,
  audit: true,
  handle: (_ports, { caller, params, request, change }) => {
    const expected = expectedVersion(request);
    return change(async ({ webhooks, secrets }) => {
      const outcome = await webhooks.delete(caller, params.webhook, expected);
      if (outcome === 'missing') throw noWebhook(params.webhook);
      if (outcome === 'mismatch') throw stale(`The webhook ${params.webhook}`);
      await deleteWebhookSecret({ secrets }, caller, params.webhook);
      return { status: 204 };
    });
  },
});
