import { newWebhookResource, type webhookBody, webhookResource } from '@holdfast/contracts';
import { refused, type WebhookSender, type WebhookSettings } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuditFacts } from '../../http/audited.ts';
import type { AnswerDocument, JsonAnswer, Resource } from '../../http/route.ts';
import { webhookResourceOf } from '../../resources/webhook.ts';

export const webhookParams = z.strictObject({ webhook: z.uuid().transform((id) => id.toLowerCase()) });

export const webhookAnswer: AnswerDocument = {
  description: 'The webhook, without its secret.',
  json: webhookResource,
  headers: { ETag: 'Its version, in quotes.' },
};

export const newWebhookAnswer: AnswerDocument = {
  description: 'The webhook; its secret is shown this once.',
  json: newWebhookResource,
};

/** @throws HoldfastError `webhook_url_refused`. */
export function settingsOf(
  sender: Pick<WebhookSender, 'refusal'>,
  { agent, ...body }: z.output<typeof webhookBody>,
): WebhookSettings {
  const refusal = sender.refusal(body.url);
  if (refusal !== null)
    throw refused('webhook_url_refused', `Nothing is sent to this URL: ${refusal}.`, [
      { path: '/url', message: refusal },
    ]);
  return { ...body, agent: agent ?? null };
}

/** What was set, without the secret. Of the URL not more than where it is: the rest may be a secret of the receiver. */
export function webhookFacts({ answer }: { readonly answer: JsonAnswer }): AuditFacts {
  const after = webhookResource.parse(answer.json);
  const { id, url, events, agent } = after;
  return { target: `/v1/webhooks/${id}`, detail: { origin: new URL(url).origin, events, agent }, after };
}

/** The answer would have to be stored for its repetition, and it holds the secret. */
export function refuseIdempotencyKey({ headers }: FastifyRequest): void {
  if (headers['idempotency-key'] === undefined) return;
  throw refused(
    'invalid_request',
    'Idempotency-Key is not taken here: its answer would be stored, and it holds the secret. If an answer was lost, look at the list of webhooks: delete the one that was made, or rotate its secret.',
    [{ path: 'Idempotency-Key', message: 'must be left out' }],
  );
}

/** The webhook as it stands, without its secret, for its audit line. */
export const webhookNow: Resource<{ readonly webhook: string }> = async ({ webhooks }, caller, params) => {
  const found = await webhooks.get(caller, params.webhook);
  return found && webhookResourceOf(found);
};
