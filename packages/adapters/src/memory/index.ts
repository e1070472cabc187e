export { MemoryRateLimiter } from './rate-limiter.ts';
