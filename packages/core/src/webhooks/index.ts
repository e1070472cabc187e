export * from './webhook.ts';
export type * from './webhook-store.ts';
export type * from './webhook-sender.ts';
export * from './webhook-message.ts';
export * from './webhook-policy.ts';
export * from './webhook-secret.ts';
export { deliverWebhooks, type DeliverPorts, WEBHOOK_TIMEOUT_MS } from './deliver-webhooks.ts';
export { noDelivery, noWebhook, sendAgain, sendTest, type SendNowPorts } from './send-now.ts';
export { createWebhook } from './create-webhook.ts';
