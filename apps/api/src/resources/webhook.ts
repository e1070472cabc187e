import type { WebhookDeliveryResource, WebhookResource } from '@holdfast/contracts';
import type { Webhook, WebhookDelivery } from '@holdfast/core';
import { iso, isoOrNull } from './time.ts';

export const webhookResourceOf = (webhook: Webhook): WebhookResource => ({
  id: webhook.id,
  url: webhook.url,
  description: webhook.description,
  events: [...webhook.events],
  agent: webhook.agent,
  enabled: webhook.disabled === null,
  disabled_because: webhook.disabled?.because ?? null,
  disabled_at: isoOrNull(webhook.disabled?.at ?? null),
  failures: webhook.failures,
  failing_since: isoOrNull(webhook.failingSince),
  created_at: iso(webhook.createdAt),
  updated_at: iso(webhook.updatedAt),
});

export const deliveryResourceOf = (delivery: WebhookDelivery): WebhookDeliveryResource => ({
  id: delivery.id,
  message_id: delivery.message,
  trigger: delivery.trigger,
  state: delivery.state,
  type: delivery.type,
  run_id: delivery.run,
  seq: delivery.seq,
  attempt: delivery.attempt,
  at: iso(delivery.at),
  ms: delivery.ms,
  status: delivery.status,
  error: delivery.error,
  response: delivery.response,
  retry_at: isoOrNull(delivery.retryAt),
});
