/** How long the Redis transport waits for what, in milliseconds. */
export interface RedisTiming {
  /** How long a read for new work blocks in the server. */
  readonly blockMs: number;
  /** How much later than that a read is given up, and its connection replaced. */
  readonly overdueMs: number;
  /** How long any other command may take before its connection is replaced. */
  readonly answerMs: number;
  /** How long a connection may take until it can be used. */
  readonly connectMs: number;
  /** The longest pause between two tries to connect. */
  readonly reconnectMs: number;
  /** How often an idle connection is asked whether it is alive. */
  readonly heartbeatMs: number;
  /** How often entries of dead workers are looked for, and how long they must have been left alone. */
  readonly rescueMs: number;
  /** How often consumers of workers that are gone are removed. */
  readonly reapMs: number;
  /** How long such a consumer must have been idle. */
  readonly reapIdleMs: number;
  /** The longest pause between two looks at the due set. */
  readonly dueMs: number;
}

export const DEFAULT_TIMING: RedisTiming = {
  blockMs: 2_000,
  overdueMs: 3_000,
  answerMs: 2_000,
  connectMs: 4_000,
  reconnectMs: 2_000,
  heartbeatMs: 5_000,
  rescueMs: 10_000,
  reapMs: 60_000,
  reapIdleMs: 300_000,
  dueMs: 1_000,
};

/** A duration moved by up to `share` of itself in either direction, so that many processes do not move in step. */
export function jittered(ms: number, share = 0.1): number {
  return ms * (1 + share * (2 * Math.random() - 1));
}

/** Waits; a timer alone does not keep the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms).unref());
}

/** What a promise gives, or an error once `ms` have passed. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(ms)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Stays within the adapter: something did not answer in time. */
export class NoAnswer extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** Lets loops wait until something happens. */
export class Gate {
  #waiting: (() => void)[] = [];

  /** Resolves at the next {@link open}. */
  wait(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  open(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
