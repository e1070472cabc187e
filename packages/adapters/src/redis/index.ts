export { examineRedis } from './examine-redis.ts';
export { openConfiguredRedis, type OpenRedis } from './open-redis.ts';
export { RedisCaInvalid, redisSettings } from './settings.ts';
