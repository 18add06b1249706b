import { perInvocation, type Counts } from './counters.js';
import { peakMegabytes, resetPeaks } from './peak-memory.js';
import type { Setup } from './setup.js';
import { distribution, percentile } from './statistics.js';
import { TRANSPORTS, type TransportName } from './transports.js';
import type { Sample, Workload } from './workload.js';

/** Milliseconds that shares of what was timed do not exceed. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of each of `SHARES`. */
  readonly distribution: readonly number[];
}

/** What one round showed. */
export interface Round {
  readonly invocations: number;
  /** Without what makes no invocations. */
  readonly perSecond: number | undefined;
  /** Of workloads that time each of something. */
  readonly latency: Latency | undefined;
  /** What else the workload measures. */
  readonly figures: Readonly<Record<string, number>>;
  /** Used per invocation. */
  readonly costs: Counts;
  /** The most megabytes of RSS that the Node processes had, added up. */
  readonly peakMemory: number | undefined;
}

/** Every round of a workload on a transport. */
export interface Measurement {
  /** As `--workload` names it. */
  readonly workload: string;
  readonly title: string;
  readonly reports: Workload['reports'];
  readonly transport: TransportName;
  /** The transport as the tables call it. */
  readonly setting: string;
  readonly rounds: readonly Round[];
}

/** Runs a round, and measures what it costs. */
export async function measureRound(setup: Setup, run: () => Promise<Sample>): Promise<Round> {
  const processes = setup.processes();
  const before = await setup.counters.read();
  const isReset = resetPeaks(processes);
  const sample = await run();
  const peakMemory = isReset ? peakMegabytes(processes) : undefined;
  const after = await setup.counters.read();
  return { ...roundOf(sample), costs: perInvocation(before, after, sample.invocations), peakMemory };
}

/** A round whose costs are not measured. */
export function roundOf({ invocations, seconds, latencies = [], figures = {} }: Sample): Round {
  return {
    invocations,
    perSecond: invocations === 0 ? undefined : invocations / seconds,
    latency: latencies.length === 0 ? undefined : latencyOf(latencies),
    figures,
    costs: {},
    peakMemory: undefined,
  };
}

/** A round in which nothing is run: it says something about others. */
export function roundOfFigures(figures: Readonly<Record<string, number>>): Round {
  return roundOf({ invocations: 0, seconds: 0, figures });
}

/** How the tables call a transport. */
export function settingOf(transport: TransportName): string {
  return TRANSPORTS[transport].title;
}

/** What a line of progress says of a round. */
export function shortly({ perSecond, latency, figures }: Round): string {
  const named = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`);
  const speed = latency ? `${latency.p50.toFixed(2)} ms` : `${Math.round(perSecond ?? 0)}/s`;
  if (named.length === 0) return speed;
  return `(${[...(latency ? [speed] : []), ...named].join(', ')})`;
}

function latencyOf(values: readonly number[]): Latency {
  return {
    p50: percentile(values, 50),
    p95: percentile(values, 95),
    p99: percentile(values, 99),
    distribution: distribution(values),
  };
}
