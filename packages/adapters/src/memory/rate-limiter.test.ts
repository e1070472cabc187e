import { describeRateLimiter } from '@holdfast/testing';
import { MemoryRateLimiter } from './rate-limiter.ts';

describeRateLimiter(
  'in memory',
  () => {
    const limiter = new MemoryRateLimiter();
    return Promise.resolve({ processes: [limiter, limiter], close: () => Promise.resolve() });
  },
  null,
);
