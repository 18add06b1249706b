/** What a paced load needs of the world. */
export interface Pacing {
  /** Milliseconds of a clock. */
  now(): number;
  /** Resolves a little later. */
  pause(): Promise<void>;
}

export interface OpenLoop {
  readonly perSecond: number;
  readonly count: number;
  /** Resolves with the end of what is timed. */
  one(value: number): Promise<void>;
}

const REAL: Pacing = {
  now: () => performance.now(),
  pause: () => new Promise(resolve => setTimeout(resolve, 1)),
};

/**
 * Starts `one` at a steady rate, whether those before have ended or not, and times each from when it was to start: a
 * system that stalls is charged for all that would have come meanwhile.
 *
 * @returns milliseconds each, in the order in which they were to start
 */
export async function openLoop({ perSecond, count, one }: OpenLoop, pacing = REAL): Promise<number[]> {
  const latencies: number[] = [];
  const running: Promise<void>[] = [];
  const began = pacing.now();
  const startsAt = (value: number): number => began + (value * 1_000) / perSecond;
  const timed = async (value: number): Promise<void> => {
    await one(value);
    latencies[value] = pacing.now() - startsAt(value);
  };
  for (let next = 0; next < count;) {
    while (next < count && startsAt(next) <= pacing.now()) running.push(timed(next++));
    if (next < count) await pacing.pause();
  }
  await Promise.all(running);
  return latencies;
}
