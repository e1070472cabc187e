import { describe, expect, test } from 'vitest';
import { type Failing, verdictOf, webhookPolicy } from './webhook-policy.ts';
import type { WebhookAnswer } from './webhook-sender.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const never: Failing = { attempts: 0, firstFailedAt: null, failingSince: null };
type Answer = Exclude<WebhookAnswer, { type: 'not-begun' }>;
const answered = (status: number, retryAfterMs: number | null = null): Answer => ({
  type: 'answered',
  status,
  response: '',
  retryAfterMs,
});
const silent: Answer = { type: 'no-answer', error: 'x' };
/** `random` 0.5: no jitter. */
const verdict = (answer: Answer, before: Partial<Failing> = {}, random = 0.5) =>
  verdictOf(webhookPolicy, answer, { ...never, ...before }, NOW, random);

describe('what follows from an attempt', () => {
  test.each([200, 201, 204, 299])('%i is taken', (status) => {
    expect(verdict(answered(status))).toEqual({ type: 'delivered' });
  });

  test.each([100, 301, 302, 400, 401, 404, 429, 500, 503])('%i is tried again', (status) => {
    expect(verdict(answered(status))).toEqual({ type: 'retry', at: NOW + 5_000 });
  });

  test('410 ends it, and no answer is tried again', () => {
    expect(verdict(answered(410))).toEqual({ type: 'disable', because: 'gone' });
    expect(verdict(silent)).toEqual({ type: 'retry', at: NOW + 5_000 });
  });

  test.each([
    [0, 5_000],
    [1, 30_000],
    [2, 120_000],
    [3, 600_000],
    [4, 1_800_000],
    [5, HOUR],
    [6, 2 * HOUR],
    [7, 4 * HOUR],
    [8, 6 * HOUR],
    [50, 6 * HOUR],
  ])('after %i failed ones the next comes in %i ms, a fifth more or less', (attempts, ms) => {
    const before = { attempts, firstFailedAt: NOW - 1_000, failingSince: NOW - 1_000 };
    expect(verdict(silent, before)).toEqual({ type: 'retry', at: NOW + ms });
    expect(verdict(silent, before, 0)).toEqual({ type: 'retry', at: NOW + ms * 0.8 });
    expect(verdict(silent, before, 1)).toEqual({ type: 'retry', at: NOW + ms * 1.2 });
  });

  test('Retry-After makes it later, never earlier', () => {
    expect(verdict(answered(503, 60_000))).toEqual({ type: 'retry', at: NOW + 60_000 });
    expect(verdict(answered(429, 1_000))).toEqual({ type: 'retry', at: NOW + 5_000 });
  });

  test('the last attempt is made when three days are over', () => {
    const before = { attempts: 9, firstFailedAt: NOW - 71 * HOUR, failingSince: NOW - 71 * HOUR };
    expect(verdict(silent, before)).toEqual({ type: 'retry', at: NOW + HOUR });
  });

  test('three days without one that was taken disable it', () => {
    const before = { attempts: 9, firstFailedAt: NOW - 72 * HOUR, failingSince: NOW - 72 * HOUR };
    expect(verdict(silent, before)).toEqual({ type: 'disable', because: 'failing' });
    expect(verdict(answered(204), before)).toEqual({ type: 'delivered' });
    // Also when this event has not been tried before.
    expect(verdict(silent, { failingSince: NOW - 72 * HOUR })).toEqual({ type: 'disable', because: 'failing' });
  });

  test('an event that fails for three days while others are taken is given up', () => {
    const before = { attempts: 9, firstFailedAt: NOW - 72 * HOUR, failingSince: NOW - HOUR };
    expect(verdict(answered(500), before)).toEqual({ type: 'give-up' });
  });
});
