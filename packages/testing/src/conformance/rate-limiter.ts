import { randomUUID } from 'node:crypto';
import { type RateLimiter, RateLimiterUnavailable } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Two processes that count together; those of one process are the same object. */
export interface OpenedRateLimiter {
  readonly processes: readonly [RateLimiter, RateLimiter];
  close(): Promise<void>;
}

const LONG = 600;

/** `cut`: makes what `open` has opened last answer nobody any more; null = it cannot be away. */
export function describeRateLimiter(
  name: string,
  open: () => Promise<OpenedRateLimiter>,
  cut: (() => Promise<void>) | null,
): void {
  describe(`rate limiter: ${name}`, () => {
    let opened: OpenedRateLimiter;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    test('counts one after the other, over all processes', async () => {
      const [here, there] = opened.processes;
      const bucket = randomUUID();
      const counts = [];
      for (const limiter of [here, there, here, there]) counts.push((await limiter.take(bucket, LONG)).count);
      expect(counts).toEqual([1, 2, 3, 4]);
    });

    test('gives no count twice to those who come at once', async () => {
      const bucket = randomUUID();
      const taken = await Promise.all(
        Array.from({ length: 200 }, (_, index) => opened.processes[index % 2 === 0 ? 0 : 1].take(bucket, LONG)),
      );
      const counts = taken.map(({ count }) => count).toSorted((a, b) => a - b);
      expect(counts).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    });

    test('counts each bucket by itself, whatever its name', async () => {
      const [limiter] = opened.processes;
      const prefix = randomUUID();
      const names = ['a', 'a:b', 'a b', '{a}', 'ä', '*', '__proto__', 'a\nb', 'x'.repeat(200)];
      for (const bucket of names) expect((await limiter.take(`${prefix} ${bucket}`, LONG)).count).toBe(1);
      for (const bucket of names) expect((await limiter.take(`${prefix} ${bucket}`, LONG)).count).toBe(2);
    });

    test('tells when the window is over, which what comes in between does not move', async () => {
      const [here, there] = opened.processes;
      const bucket = randomUUID();
      const first = await here.take(bucket, LONG);
      expect(first.resetMs).toBeGreaterThan((LONG - 5) * 1_000);
      expect(first.resetMs).toBeLessThanOrEqual(LONG * 1_000);
      const later = await there.take(bucket, LONG);
      expect(later.resetMs).toBeLessThanOrEqual(first.resetMs);
    });

    test('begins anew when the window is over, though it was asked all the time', async () => {
      const [limiter] = opened.processes;
      const bucket = randomUUID();
      expect((await limiter.take(bucket, 1)).count).toBe(1);
      expect((await limiter.take(bucket, 1)).count).toBe(2);
      await expect.poll(async () => (await limiter.take(bucket, 1)).count, { timeout: 5_000, interval: 50 }).toBe(1);
    });

    if (cut === null) return;
    test('says that it cannot count, soon', async () => {
      await cut();
      const began = performance.now();
      await expect(opened.processes[0].take(randomUUID(), LONG)).rejects.toBeInstanceOf(RateLimiterUnavailable);
      expect(performance.now() - began).toBeLessThan(2_000);
    });
  });
}
