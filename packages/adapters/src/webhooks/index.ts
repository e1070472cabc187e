export { HttpWebhookSender, type WebhookSenderOptions } from './http-webhook-sender.ts';
