import { randomUUID } from 'node:crypto';
import { type Hints, type Log, ProcessHints } from '@holdfast/core';
import type { RedisServer } from '@holdfast/testing/servers';
import { expect } from 'vitest';
import { parseEnv } from '@holdfast/contracts';
import { openRedis, type OpenRedis } from './open-redis.ts';
import { type RedisSettings, redisSettings } from './settings.ts';

/** As the environment would have it. */
export function settingsFor({ caFile }: Pick<RedisServer, 'caFile'>, url: string): RedisSettings {
  const { redis, secrets } = parseEnv({
    REDIS_URL: url,
    ...(caFile === null ? {} : { REDIS_TLS_CA_PATH: caFile }),
  });
  if (redis === null) throw new Error('no Redis');
  return redisSettings(redis, secrets.redis);
}

/** One of several processes of an installation. */
export interface RedisProcess {
  readonly redis: OpenRedis;
  readonly hints: Hints;
  /** The other way for hints. */
  readonly otherwise: ProcessHints;
  readonly told: readonly string[];
  readonly metrics: { up: boolean | null; lost: number };
  close(): Promise<void>;
}

export function beginProcess(server: RedisServer, installation: string, url = server.url): RedisProcess {
  const metrics: { up: boolean | null; lost: number } = { up: null, lost: 0 };
  const told: string[] = [];
  const log: Log = {
    info: (_, message) => void told.push(`info ${message}`),
    warn: (_, message) => void told.push(`warn ${message}`),
    error: (_, message) => void told.push(`error ${message}`),
  };
  const redis = openRedis(settingsFor(server, url), {
    log,
    metrics: { reachable: (up) => (metrics.up = up), deltaLost: () => (metrics.lost += 1) },
  });
  const otherwise = new ProcessHints();
  const hints = redis.hintsThrough(otherwise);
  redis.begin(installation);
  return { redis, hints, otherwise, told, metrics, close: () => redis.close() };
}

export async function twoProcesses(server: RedisServer, installation: string = randomUUID()) {
  const processes = [beginProcess(server, installation), beginProcess(server, installation)] as const;
  for (const { redis } of processes) await expect.poll(() => redis.up).toBe(true);
  return {
    processes,
    close: async () => {
      for (const each of processes) await each.close();
    },
  };
}
