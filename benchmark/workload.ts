import type { DurableClient, InvocationHandle } from 'nestjs-durable';
import { BenchService } from './application.js';
import type { Setup } from './setup.js';

/** What one round of a workload gives. */
export interface Sample {
  /** Invocations that were made and have ended; where one does it all: its steps, or its children; 0: nothing was run. */
  readonly invocations: number;
  readonly seconds: number;
  /** Milliseconds each, of what the workload times. */
  readonly latencies?: readonly number[];
  /** What else it measures, by what the tables call it. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Where a workload is run. */
export type Bench = Pick<Setup, 'client' | 'memory' | 'counters'>;

/** Handlers that give back what they are given. */
export type HandlerName = 'empty' | 'oneStep' | 'threeSteps';

/** Callers that send at the same time. */
export const STARTERS = 64;

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

/** Sends as fast as the starters can, and awaits every result. */
export async function sendAll(
  client: DurableClient,
  handler: HandlerName,
  count: number,
  whenSent: () => void = () => undefined,
): Promise<void> {
  const sends = client.send(BenchService);
  const results: Promise<void>[] = [];
  await inTurns(STARTERS, count, async value => {
    results.push(expectResult(await sends[handler](value), value));
  });
  whenSent();
  await Promise.all(results);
}

export async function expectResult(handle: InvocationHandle<number>, value: number): Promise<void> {
  expectValue(await handle.result(), value);
}

/** A benchmark of wrong results would be worth nothing. */
export function expectValue(result: number, value: number): void {
  if (result !== value) throw new Error(`an invocation of ${value} gave ${result}`);
}

/** As {@link expectValue}, of what is counted. */
export function expectCount(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what} is ${found}; it must be ${expected}`);
}
