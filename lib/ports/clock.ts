/**
 * Time within this process: for local waiting only. Leases, timers and backoff are judged by the store.
 */
export interface Clock {
  /** Milliseconds that only grow; their difference is a duration. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds, however long that is; does not keep the process alive. */
  after(ms: number, fn: () => void): Cancel;
}

/** Calls off what has not happened yet. */
export type Cancel = () => void;
