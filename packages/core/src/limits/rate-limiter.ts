/** Counts requests in windows of time, for all processes that share it. */
export interface RateLimiter {
  /**
   * Counts one more in `bucket`. The window begins with the first one and is over after `windowSeconds`, whatever comes
   * in between. Safe beside others that take from the same bucket: no two get the same count.
   * @throws RateLimiterUnavailable, after half a second at most.
   */
  take(bucket: string, windowSeconds: number): Promise<Taken>;
}

export interface Taken {
  /** In this window, with this one: 1, 2, … */
  readonly count: number;
  /** ms until the window is over */
  readonly resetMs: number;
}

/** How many were counted cannot be said now. */
export class RateLimiterUnavailable extends Error {
  override readonly name = 'RateLimiterUnavailable';
}
