import type { WebhookMessage } from '@holdfast/contracts';

export interface VerifyOptions {
  /** The body as it came, byte by byte: parsed and written again it is another one. */
  readonly body: string | Uint8Array;
  /** Of the request: `Headers`, or a record as Node gives it. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `whsec_…`, as it was shown when the webhook was made. */
  readonly secret: string;
  /** How old, or how far ahead, the message may be, ms; 5 min when left out. */
  readonly toleranceMs?: number;
  /** ms since 1970; the clock of this machine when left out. */
  readonly now?: number;
}

/** The message is not from the one who has the secret, or it is too old. Answer 400, and do nothing with it. */
export class WebhookInvalid extends Error {
  override readonly name = 'WebhookInvalid';
}

const TOLERANCE_MS = 5 * 60_000;

/**
 * The message of a request that Holdfast has sent to a webhook. It speaks Standard Webhooks, whose libraries can be used
 * as well; this is here so that a receiver needs no other, and works wherever there is WebCrypto: Node, browsers, edges.
 * The same message may come again: `webhook-id` tells. @throws WebhookInvalid
 */
export async function verifyWebhook({
  body,
  headers,
  secret,
  toleranceMs = TOLERANCE_MS,
  now = Date.now(),
}: VerifyOptions): Promise<WebhookMessage> {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const given = headerOf(headers, 'webhook-signature').split(' ');
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookInvalid('webhook-timestamp is no number of seconds');
  const ageMs = now - Number(timestamp) * 1_000;
  if (Math.abs(ageMs) > toleranceMs)
    throw new WebhookInvalid(`the message is ${ageMs > 0 ? 'too old' : 'from the future'}; look at this clock`);
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const key = await crypto.subtle.importKey('raw', keyOf(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  for (const signature of given.filter((one) => one.startsWith('v1,'))) {
    const bytes = bytesOf(signature.slice('v1,'.length));
    // In constant time.
    if (bytes !== null && (await crypto.subtle.verify('HMAC', key, bytes, signed)))
      // Whoever has the secret has written it.
      return JSON.parse(text) as WebhookMessage;
  }
  throw new WebhookInvalid('no signature of webhook-signature fits: another secret, or another body');
}

function headerOf(headers: VerifyOptions['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string' || value === '') throw new WebhookInvalid(`the header ${name} is missing`);
  return value;
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = secret.startsWith('whsec_') ? bytesOf(secret.slice('whsec_'.length)) : null;
  if (bytes === null) throw new WebhookInvalid('the secret is not one of a webhook: whsec_ and base64');
  return bytes;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
