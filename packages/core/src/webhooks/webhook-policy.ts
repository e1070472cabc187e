import type { DisabledBecause } from './webhook.ts';
import type { WebhookAnswer } from './webhook-sender.ts';

export interface WebhookPolicy {
  /** ms from a failed attempt to the next one; the last counts for all that follow. */
  readonly pausesMs: readonly number[];
  /** Each pause is longer or shorter by up to this part of it, so that what failed together does not come together. */
  readonly jitter: number;
  /** ms for which attempts are made. */
  readonly giveUpMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const webhookPolicy: WebhookPolicy = {
  pausesMs: [
    5_000,
    30_000,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    6 * HOUR_MS,
  ],
  jitter: 0.2,
  giveUpMs: 72 * HOUR_MS,
};

/** How it stood before the attempt. Times in ms since 1970. */
export interface Failing {
  /** Failed attempts to send this event. */
  readonly attempts: number;
  readonly firstFailedAt: number | null;
  /** Of the webhook, whatever the event. */
  readonly failingSince: number | null;
}

export type Verdict =
  | { readonly type: 'delivered' }
  | { readonly type: 'retry'; readonly at: number }
  /** Others were delivered meanwhile: this one is passed, so that what follows in its run is not held up for ever. */
  | { readonly type: 'give-up' }
  | { readonly type: 'disable'; readonly because: DisabledBecause };

const GONE = 410;

/** What follows from an attempt that began at `at`. `random`: from 0 to 1. */
export function verdictOf(
  policy: WebhookPolicy,
  answer: Exclude<WebhookAnswer, { type: 'not-begun' }>,
  before: Failing,
  at: number,
  random: number,
): Verdict {
  const answered = answer.type === 'answered' ? answer : null;
  if (answered !== null && answered.status >= 200 && answered.status < 300) return { type: 'delivered' };
  if (answered?.status === GONE) return { type: 'disable', because: 'gone' };
  if (at - (before.failingSince ?? at) >= policy.giveUpMs) return { type: 'disable', because: 'failing' };
  const lastAt = (before.firstFailedAt ?? at) + policy.giveUpMs;
  if (at >= lastAt) return { type: 'give-up' };
  const pause = policy.pausesMs[Math.min(before.attempts, policy.pausesMs.length - 1)] ?? 0;
  const jittered = Math.round(pause * (1 + policy.jitter * (2 * random - 1)));
  // The last attempt is made when the time is over.
  return { type: 'retry', at: Math.min(at + Math.max(jittered, answered?.retryAfterMs ?? 0), lastAt) };
}
