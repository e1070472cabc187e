import { type RateLimiter, RateLimiterUnavailable, type Taken } from '@holdfast/core';
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisLink } from './redis-link.ts';

/** Counts for all processes of the installation. */
export class RedisRateLimiter implements RateLimiter {
  readonly #link: RedisLink;
  readonly #counts: RateLimiterRedis;

  constructor(link: RedisLink) {
    this.#link = link;
    this.#counts = counting(link.commands);
  }

  async take(bucket: string, windowSeconds: number): Promise<Taken> {
    try {
      const key = this.#link.named(`rate:${bucket}`);
      await this.#link.begun;
      const { consumedPoints, msBeforeNext } = await this.#counts.consume(key, 1, { customDuration: windowSeconds });
      return { count: consumedPoints, resetMs: msBeforeNext };
    } catch (cause) {
      throw new RateLimiterUnavailable(this.#link.explain(cause), { cause });
    }
  }
}

/** Counts alone: how many are too many differs from bucket to bucket. */
export const counting = (storeClient: Redis): RateLimiterRedis =>
  new RateLimiterRedis({ storeClient, keyPrefix: '', points: Number.MAX_SAFE_INTEGER, duration: 1 });
