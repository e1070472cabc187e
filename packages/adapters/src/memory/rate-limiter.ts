import type { RateLimiter, Taken } from '@holdfast/core';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** Counts for one process: several APIs let through as many times as much. */
export class MemoryRateLimiter implements RateLimiter {
  // Counts alone: how many are too many differs from bucket to bucket.
  readonly #counts = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 1 });

  async take(bucket: string, windowSeconds: number): Promise<Taken> {
    const { consumedPoints, msBeforeNext } = await this.#counts.consume(bucket, 1, { customDuration: windowSeconds });
    return { count: consumedPoints, resetMs: msBeforeNext };
  }
}
