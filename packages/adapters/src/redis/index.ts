export { examineRedis, type RedisFinding } from './examine-redis.ts';
export { openConfiguredRedis, openRedis, type OpenRedis } from './open-redis.ts';
export type { RedisMetrics, RedisPorts } from './redis-link.ts';
export { RedisCaInvalid, redisSettings, type RedisSettings } from './settings.ts';
