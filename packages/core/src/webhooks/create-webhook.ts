import { v7 as uuidv7 } from 'uuid';
import type { SecretCipher } from '../secrets/secret-cipher.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';
import type { Webhook, WebhookSettings } from './webhook.ts';
import { makeWebhookSecret } from './webhook-secret.ts';

/** Inside a transaction. `secret` is shown once. @throws SecretUnreadable. */
export async function createWebhook(
  stores: Pick<TransactionStores, 'webhooks' | 'secrets'>,
  cipher: SecretCipher,
  scope: TenantScope,
  settings: WebhookSettings,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  const webhook = await stores.webhooks.create(scope, uuidv7(), settings);
  const secret = await makeWebhookSecret({ secrets: stores.secrets, cipher }, scope, webhook.id);
  return { webhook, secret };
}
