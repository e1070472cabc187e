import { z } from 'zod';
import { randomBytes } from '@noble/hashes/utils.js';
import type { SealedSecret, SealedValue, SecretRows } from '../secrets/secret-rows.ts';
import type { SecretCipher } from '../secrets/secret-cipher.ts';
import type { TenantScope } from '../tenant-scope.ts';

/** Lies among the tenant's secrets, so that a change of the key that seals them reaches it. Tools cannot name it. */
const nameOf = (webhook: string): string => `webhook:${webhook}`;

const secrets = z.strictObject({
  current: z.string(),
  /** It was replaced, and signs until `until`, ms since 1970. */
  previous: z.strictObject({ secret: z.string(), until: z.number() }).nullable(),
});
type Secrets = z.infer<typeof secrets>;

export interface WebhookSecretPorts {
  readonly secrets: Pick<SecretRows, 'read'>;
  readonly cipher: Pick<SecretCipher, 'open'>;
}

interface ChangePorts {
  readonly secrets: Pick<SecretRows, 'read' | 'put' | 'delete'>;
  readonly cipher: SecretCipher;
}

/** 256 random bits, as Standard Webhooks writes them. */
export function newWebhookSecret(): string {
  const binary = String.fromCharCode(...randomBytes(32));
  return `whsec_${btoa(binary)}`;
}

/** Of a new webhook; returns what is shown once. Inside the transaction that makes it. */
export async function makeWebhookSecret(ports: ChangePorts, scope: TenantScope, webhook: string): Promise<string> {
  const current = newWebhookSecret();
  await put(ports, scope, webhook, { current, previous: null });
  return current;
}

/** A new one, beside which the old one signs until `until`. */
export async function rotateWebhookSecret(
  ports: ChangePorts,
  scope: TenantScope,
  webhook: string,
  until: number,
): Promise<string> {
  const old = await read(ports, scope, webhook);
  const current = newWebhookSecret();
  await put(ports, scope, webhook, { current, previous: { secret: old.current, until } });
  return current;
}

export const deleteWebhookSecret = (
  { secrets: rows }: Pick<ChangePorts, 'secrets'>,
  scope: TenantScope,
  webhook: string,
): Promise<unknown> => rows.delete(scope, nameOf(webhook), null);

/** Those that sign at `now`. @throws SecretUnreadable */
export async function signingSecrets(
  ports: WebhookSecretPorts,
  scope: TenantScope,
  webhook: string,
  now: number,
): Promise<string[]> {
  const { current, previous } = await read(ports, scope, webhook);
  return previous !== null && now < previous.until ? [current, previous.secret] : [current];
}

async function read(ports: WebhookSecretPorts, scope: TenantScope, webhook: string): Promise<Secrets> {
  const [row]: readonly SealedSecret[] = await ports.secrets.read(scope, [nameOf(webhook)]);
  if (row === undefined) throw new Error(`webhook ${webhook} has no secret`);
  const { tenant } = scope;
  return secrets.parse(JSON.parse(ports.cipher.open({ tenant, name: row.name, version: row.version }, row)));
}

async function put(ports: ChangePorts, scope: TenantScope, webhook: string, value: Secrets): Promise<void> {
  const { tenant } = scope;
  const name = nameOf(webhook);
  const seal = (version: number): SealedValue => ports.cipher.seal({ tenant, name, version }, JSON.stringify(value));
  await ports.secrets.put(scope, name, null, seal);
}
