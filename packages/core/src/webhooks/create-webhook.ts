import { v7 as uuidv7 } from 'uuid';
import type { SecretCipher } from '../secrets/secret-cipher.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { refused } from '../use-cases/refused.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';
import { MOST_WEBHOOKS, type Webhook, type WebhookSettings } from './webhook.ts';
import { makeWebhookSecret } from './webhook-secret.ts';

/** Inside a transaction. `secret` is shown once. @throws HoldfastError `too_many_webhooks`; SecretUnreadable. */
export async function createWebhook(
  stores: Pick<TransactionStores, 'webhooks' | 'secrets'>,
  cipher: SecretCipher,
  scope: TenantScope,
  settings: WebhookSettings,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  const others = await stores.webhooks.list(scope, null, MOST_WEBHOOKS);
  if (others.length >= MOST_WEBHOOKS)
    throw refused('too_many_webhooks', `There are ${others.length} webhooks; a tenant has at most ${MOST_WEBHOOKS}.`);
  const webhook = await stores.webhooks.create(scope, uuidv7(), settings);
  const secret = await makeWebhookSecret({ secrets: stores.secrets, cipher }, scope, webhook.id);
  return { webhook, secret };
}
