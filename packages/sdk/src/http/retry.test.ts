import { describe, expect, it, test } from 'vitest';
import { ConnectionFailed, HoldfastError } from '../errors.ts';
import { backoff, retryIn, sleep, standardRetries } from './retry.ts';

const refused = (status: number, code: string, retryAfterMs: number | null = null) =>
  new HoldfastError('no', { status, code, retryAfterMs, problem: null, requestId: null });

describe('what is tried again', () => {
  test.each([
    // failure, when it is repeatable, when it is not
    ['no answer', new ConnectionFailed('http://x', new TypeError('fetch failed')), true, false],
    ['429', refused(429, 'too_many_requests'), true, true],
    ['503 of a busy run, which did nothing', refused(503, 'run_busy'), true, true],
    ['503 of the database, which may have done it', refused(503, 'database_unavailable'), true, false],
    ['502 of a proxy', refused(502, 'unexpected_answer'), true, false],
    ['504 of a proxy', refused(504, 'unexpected_answer'), true, false],
    ['500 of an edge whose API is away', refused(500, 'unexpected_answer'), true, false],
    ['404 of an edge that has just begun', refused(404, 'unexpected_answer'), true, false],
    ['404 of the server', refused(404, 'run_not_found'), false, false],
    ['an answer that cannot be read', refused(200, 'unexpected_answer'), false, false],
    ['a create that is under way', refused(409, 'idempotency_in_flight'), true, true],
    ['another conflict', refused(409, 'run_ended'), false, false],
    ['a fault of the server', refused(500, 'internal'), false, false],
    ['bad input', refused(422, 'validation_failed'), false, false],
    ['a missing key', refused(401, 'unauthenticated'), false, false],
    ['a fault of our own', new RangeError('x'), false, false],
  ])('%s', (_name, failure, repeatable, once) => {
    expect(retryIn(failure, 1, true, standardRetries, 0.5) !== null).toBe(repeatable);
    expect(retryIn(failure, 1, false, standardRetries, 0.5) !== null).toBe(once);
  });

  it('ends after as many attempts as the policy allows', () => {
    const failure = refused(429, 'too_many_requests');
    const waits = [1, 2, 3, 4, 5].map((attempt) => retryIn(failure, attempt, true, standardRetries, 1));
    expect(waits).toEqual([250, 500, 1_000, 2_000, null]);
  });

  it('waits as long as the server asks, unless that is too long', () => {
    expect(retryIn(refused(429, 'x', 3_000), 1, true, standardRetries, 0)).toBe(3_000);
    expect(retryIn(refused(429, 'x', 10), 1, true, standardRetries, 1)).toBe(250);
    expect(retryIn(refused(429, 'x', 30_000), 1, false, standardRetries, 0)).toBe(30_000);
    expect(retryIn(refused(429, 'x', 30_001), 1, true, standardRetries, 0)).toBeNull();
  });

  it('leaves half of the wait to chance, and never exceeds the longest', () => {
    expect(backoff(3, standardRetries, 0)).toBe(500);
    expect(backoff(3, standardRetries, 1)).toBe(1_000);
    expect(backoff(30, standardRetries, 1)).toBe(8_000);
  });
});

it('a wait ends at once when it is aborted', async () => {
  const abort = new AbortController();
  const waited = sleep(60_000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(waited).rejects.toThrow('enough');
  await expect(sleep(60_000, abort.signal)).rejects.toThrow('enough');
});
