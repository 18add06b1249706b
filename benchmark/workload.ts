import type { Setup } from './setup.js';

/** What one round of a workload gives. */
export interface Sample {
  /** Invocations that were made and have ended; where one does it all: its steps, or its children. */
  readonly invocations: number;
  readonly seconds: number;
  /** Milliseconds each, of what the workload times. */
  readonly latencies?: readonly number[];
  /** What else it measures, by what the tables call it. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Where a workload is run. */
export type Bench = Pick<Setup, 'client' | 'memory'>;

/** Something to measure. */
export interface Workload {
  /** As `--workload` names it; several may share a name. */
  readonly name: string;
  readonly title: string;
  readonly reports: 'throughput' | 'latency' | 'figures';
  /** Size of a round at `--size 1`. */
  readonly count: number;
  /** Whether one round is enough, and nothing warms up: what it leaves behind would be in the way of another. */
  readonly once?: boolean;
  run(bench: Bench, count: number): Promise<Sample>;
}

/** Runs `work` for every number below `count`, as many at once as there are starters. */
export async function inTurns(
  starters: number,
  count: number,
  work: (value: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const starter = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: starters }, starter));
}

export function secondsSince(started: number): number {
  return (performance.now() - started) / 1_000;
}
