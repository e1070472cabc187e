export { cachedOwnLimits } from './cached-own-limits.ts';
export type { LimitStore } from './limit-store.ts';
export { type RateLimiter, RateLimiterUnavailable, type Taken } from './rate-limiter.ts';
export { withinQuota } from './within-quota.ts';
export {
  type AddressClass,
  type CallerClass,
  type Counted,
  type LimitMetrics,
  type LimitState,
  type RateClass,
  RequestLimits,
  type RequestLimitPorts,
  whenUnavailable,
} from './request-limits.ts';
