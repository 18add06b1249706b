/**
 * Time within this process: for local waiting, and for the dates that only people see. Leases, timers and backoff are
 * judged by the store.
 */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Milliseconds that only grow; their difference is a duration. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds, however long that is; does not keep the process alive. */
  after(ms: number, fn: () => void): Cancel;
  /** As {@link after}, for what is looked at now and then: nothing depends on when it is. */
  roughlyAfter(ms: number, fn: () => void): Cancel;
}

/** Calls off what has not happened yet. */
export type Cancel = () => void;
