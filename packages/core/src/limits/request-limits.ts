import { type OwnLimits, RATE_WINDOW_SECONDS, type RateName, type Rates } from '@holdfast/contracts';
import type { Log } from '../executor/log.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Caller } from '../use-cases/caller.ts';
import { type RateLimiter, RateLimiterUnavailable } from './rate-limiter.ts';

/** What a request of a caller counts as. */
export type CallerClass = 'read' | 'write' | 'start' | 'stream';
/** And one of somebody who has not said who they are: pages and probes, or an attempt to be let in. */
export type AddressClass = 'open' | 'auth';
export type RateClass = CallerClass | AddressClass;

/**
 * What happens while nobody counts. What costs work is let through, since slots, quotas and budgets still hold; attempts
 * to be let in are not, since counting is all that stops guessing.
 */
export const whenUnavailable: Readonly<Record<RateClass, 'open' | 'closed'>> = {
  read: 'open',
  write: 'open',
  start: 'open',
  stream: 'open',
  open: 'open',
  auth: 'closed',
};

/** How far a request has used up one limit. */
export interface LimitState {
  readonly name: RateName;
  /** Requests in a window. */
  readonly most: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Until the window is over, rounded up: at least 1. */
  readonly resetSeconds: number;
}

export interface Counted {
  /** `unavailable`: nobody counts, and the class is closed meanwhile. */
  readonly type: 'let-in' | 'refused' | 'unavailable';
  /** Those that were looked at; of a refused request the last one is what refused it. */
  readonly states: readonly LimitState[];
}

export interface LimitMetrics {
  refused(limit: RateName): void;
  /** A request that could not be counted. */
  uncounted(rateClass: RateClass): void;
}

export interface RequestLimitPorts {
  readonly limiter: RateLimiter;
  /** null = no limits. */
  readonly rates: Rates | null;
  /** What holds for the tenant alone. */
  readonly own: (scope: TenantScope) => Promise<OwnLimits>;
  readonly log: Log;
  readonly metrics: LimitMetrics;
}

interface Bucket {
  readonly name: RateName;
  readonly key: string;
  readonly rate: number;
}

/** Whether a request is let in, by how many came before it. */
export class RequestLimits {
  readonly #ports: RequestLimitPorts;
  #isDown = false;

  constructor(ports: RequestLimitPorts) {
    this.#ports = ports;
  }

  /** The caller's own limit first: what that refuses takes nothing from the tenant. */
  async caller({ tenant, by }: Caller, rateClass: CallerClass): Promise<Counted> {
    const { rates, own } = this.#ports;
    if (rates === null) return { type: 'let-in', states: [] };
    const numbers = { ...rates, ...(await own({ tenant })) };
    const bucket = (name: RateName, key: string): Bucket => ({ name, key, rate: numbers[name] });
    return this.#take(rateClass, [
      bucket(`caller.${rateClass}`, `${tenant} ${by.id}`),
      bucket(`tenant.${rateClass}`, tenant),
    ]);
  }

  /** `address`: where the request came from, as far as one client can be told from another. */
  async address(address: string, rateClass: AddressClass): Promise<Counted> {
    const { rates } = this.#ports;
    if (rates === null) return { type: 'let-in', states: [] };
    const name: RateName = `address.${rateClass}`;
    return this.#take(rateClass, [{ name, key: address, rate: rates[name] }]);
  }

  async #take(rateClass: RateClass, buckets: readonly Bucket[]): Promise<Counted> {
    const { limiter, log, metrics } = this.#ports;
    const states: LimitState[] = [];
    try {
      for (const { name, key, rate } of buckets) {
        const most = rate * RATE_WINDOW_SECONDS;
        const { count, resetMs } = await limiter.take(`${name} ${key}`, RATE_WINDOW_SECONDS);
        const remaining = Math.max(0, most - count);
        const resetSeconds = Math.max(1, Math.ceil(resetMs / 1_000));
        states.push({ name, most, windowSeconds: RATE_WINDOW_SECONDS, remaining, resetSeconds });
        if (count <= most) continue;
        metrics.refused(name);
        return { type: 'refused', states };
      }
    } catch (error) {
      if (!(error instanceof RateLimiterUnavailable)) throw error;
      metrics.uncounted(rateClass);
      if (!this.#isDown) log.warn({ err: error }, 'requests are not counted: rate limits do not hold');
      this.#isDown = true;
      return { type: whenUnavailable[rateClass] === 'open' ? 'let-in' : 'unavailable', states: [] };
    }
    if (this.#isDown) log.info({}, 'requests are counted again');
    this.#isDown = false;
    return { type: 'let-in', states };
  }
}
