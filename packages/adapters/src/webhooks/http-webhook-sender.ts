import {
  type Outbound,
  type OutboundRules,
  WEBHOOK_TIMEOUT_MS,
  type WebhookAnswer,
  type WebhookRequest,
  type WebhookSender,
} from '@holdfast/core';
import { Webhook } from 'standardwebhooks';
import { retryAfterMs } from './retry-after.ts';

export interface WebhookSenderOptions {
  readonly outbound: Outbound & OutboundRules;
  /** ms for one message, answer included. */
  readonly timeoutMs?: number;
}

/** Of the answer, for the log of deliveries. */
const KEPT_BYTES = 1_024;

/** Sends as https://www.standardwebhooks.com asks, through the guarded way out. A redirect is an answer, and no good one. */
export class HttpWebhookSender implements WebhookSender {
  readonly #outbound: Outbound & OutboundRules;
  readonly #timeoutMs: number;

  constructor({ outbound, timeoutMs = WEBHOOK_TIMEOUT_MS }: WebhookSenderOptions) {
    this.#outbound = outbound;
    this.#timeoutMs = timeoutMs;
  }

  refusal(url: string): string | null {
    const refusal = this.#outbound.refusal(url);
    if (refusal !== null) return refusal;
    if (URL.canParse(url) && new URL(url).protocol === 'http:' && !this.#outbound.isNamed(url))
      return 'http:// is only for what OUTBOUND_ALLOW names; use https://';
    return null;
  }

  async send({ url, message, at, body, secrets, mayBegin }: WebhookRequest): Promise<WebhookAnswer> {
    // The list may be another one than when the webhook was made.
    const refusal = this.refusal(url);
    if (refusal !== null) return { type: 'no-answer', error: refusal };
    const sentAt = new Date(at);
    const headers = {
      'content-type': 'application/json',
      'webhook-id': message,
      'webhook-timestamp': String(Math.floor(at / 1_000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(message, sentAt, body)).join(' '),
    };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const request = { method: 'POST', url, headers, body, redirects: 'never', maxBytes: KEPT_BYTES } as const;
    const outcome = await this.#outbound.send(mayBegin === undefined ? request : { ...request, mayBegin }, signal);
    switch (outcome.type) {
      case 'answered': {
        const { status, headers: answered, body: bytes } = outcome.reply;
        const response = printable(new TextDecoder().decode(bytes));
        return { type: 'answered', status, response, retryAfterMs: retryAfterMs(answered['retry-after'], at) };
      }
      case 'not-sent':
        if (outcome.why === 'not-begun' && !signal.aborted) return { type: 'not-begun' };
        return { type: 'no-answer', error: this.#why(signal, outcome.message) };
      case 'no-answer':
        return { type: 'no-answer', error: this.#why(signal, outcome.message) };
    }
  }

  #why(signal: AbortSignal, message: string): string {
    const why = signal.aborted ? `no answer within ${this.#timeoutMs / 1_000} s` : message;
    return printable(why).slice(0, 500);
  }
}

/** What Postgres and JSON readers can keep. */
// oxlint-disable-next-line eslint/no-control-regex
const printable = (text: string): string => text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\p{Surrogate}/gu, '\uFFFD');
