/** One signed message, on its way to one receiver. */
export interface WebhookRequest {
  readonly url: string;
  /** The header `webhook-id`. */
  readonly message: string;
  /** ms since 1970: the header `webhook-timestamp`. */
  readonly at: number;
  /** JSON text. */
  readonly body: string;
  /** `whsec_…`, each of which signs. */
  readonly secrets: readonly string[];
  /** The last look before a byte leaves. */
  readonly mayBegin?: () => boolean;
}

export type WebhookAnswer =
  /** `retryAfterMs`: as the receiver asked for; null = it did not. */
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly response: string;
      readonly retryAfterMs: number | null;
    }
  /** Refused by the guard, unreachable, or too slow; `error` says what, for people. */
  | { readonly type: 'no-answer'; readonly error: string }
  /** `mayBegin` said no. */
  | { readonly type: 'not-begun' };

/** The way out for webhooks: signs as Standard Webhooks asks, sends once, waits for a bounded time. */
export interface WebhookSender {
  send(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Why this URL is never called, for people; null: it may be. Names are looked up only when it is called. */
  refusal(url: string): string | null;
}
