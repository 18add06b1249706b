import type { LeaseOwner } from './worker-lease.js';

/** How a worker works. */
export interface WorkerOptions extends Pick<LeaseOwner, 'schedules'> {
  /** Name of this process, unique. */
  readonly id: string;
  /** Invocations driven at once. */
  readonly concurrency: number;
  /** Milliseconds without a renewal after which the worker counts as dead. */
  readonly leaseMs: number;
  /** Milliseconds between two looks for due work that no announcement brought. */
  readonly sweepMs: number;
  /** Milliseconds that running steps get when the worker stops. */
  readonly drainMs: number;
  /** Deaths in a row without progress after which an invocation is failed as poison. */
  readonly maxDeaths: number;
  /** Milliseconds that a finished invocation is kept; `undefined`: for ever. */
  readonly retentionMs: number | undefined;
}
