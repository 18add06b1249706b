import type { Arrivals } from './arrivals.js';
import type { AttemptEnvironment } from './environment.js';
import type { LeaseWriter } from './lease-writer.js';
import { askPatiently } from './patience.js';

/** What the executions of one attempt share. */
export class AttemptKit {
  private late: { readonly dueIn: number; resolve(): void }[] = [];

  constructor(
    readonly env: AttemptEnvironment,
    readonly writes: LeaseWriter,
    readonly arrivals: Arrivals,
    /** Whether the invocation, or one that waits for it, may have an object for itself. */
    readonly mayHold: boolean,
    /** Called when an execution has begun to wait. */
    readonly onWait: () => void,
    /** Called when one goes on by itself, as its time is over. */
    readonly onGo: () => void,
  ) {}

  /**
   * Resolves for timers that are over when the attempt begins, in the order in which they were due, and after what has
   * arrived: a signal that came in time wins over its timeout, however late the attempt is.
   */
  overdue(dueIn: number): Promise<void> {
    return new Promise(resolve => {
      if (this.late.push({ dueIn, resolve }) === 1) setImmediate(() => this.releaseOverdue());
    });
  }

  private releaseOverdue(): void {
    const late = this.late.sort((one, other) => one.dueIn - other.dueIn);
    this.late = [];
    for (const timer of late) timer.resolve();
  }

  /** Encodes at once, for the caller may change the value; a refusal comes when the text is asked for. */
  encodeNow(value: unknown): () => string {
    try {
      const text = this.env.codec.encode(value);
      return () => text;
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  /** Asks the store until it answers; `undefined`: it was stopped before. */
  patiently<T>(ask: () => Promise<T>, isStopped: () => boolean): Promise<T | undefined> {
    return askPatiently(this.env, { who: this.writes.lease.invocationId, ask, isStopped });
  }
}
