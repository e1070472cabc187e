import type { Config } from '@holdfast/contracts';
import type { Deltas, Hints, RateLimiter } from '@holdfast/core';
import { RedisDeltas } from './deltas.ts';
import { RedisHints } from './hints.ts';
import { RedisRateLimiter } from './rate-limiter.ts';
import { RedisLink, type RedisPorts } from './redis-link.ts';
import { type RedisSettings, redisSettings } from './settings.ts';

/** What processes share by a Redis or Valkey. None of it waits for the server to be there. */
export interface OpenRedis {
  readonly deltas: Deltas;
  readonly rateLimiter: RateLimiter;
  /** Hints by the server, and by another way while it is away. */
  readonly hintsThrough: (otherwise: Hints) => Hints;
  /** Connects, once it is known whose names are used; said again, it uses those of another id. */
  begin(installation: string): void;
  readonly up: boolean;
  close(): Promise<void>;
}

/** null: none is configured. @throws RedisCaInvalid */
export function openConfiguredRedis(
  { redis, secrets }: Pick<Config, 'redis' | 'secrets'>,
  ports: RedisPorts,
): OpenRedis | null {
  return redis === null ? null : openRedis(redisSettings(redis, secrets.redis), ports);
}

export function openRedis(settings: RedisSettings, ports: RedisPorts): OpenRedis {
  const link = new RedisLink(settings, ports);
  const hints: RedisHints[] = [];
  return {
    deltas: new RedisDeltas(link, ports.metrics),
    rateLimiter: new RedisRateLimiter(link),
    hintsThrough: (otherwise) => {
      const through = new RedisHints(link, otherwise);
      hints.push(through);
      return through;
    },
    begin: (installation) => link.begin(installation),
    get up() {
      return link.up;
    },
    close: async () => {
      for (const each of hints) await each.flush();
      link.close();
    },
  };
}
