/** Time comes from the database; the process's own clock is never trusted with anything that is recorded. */
export interface Clock {
  /** Milliseconds since 1970 by the database's clock. */
  now(): number;
  /** Milliseconds that only grow, for leases and time-outs of this process. */
  monotonic(): number;
}
