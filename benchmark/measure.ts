import { perInvocation, type Counts } from './counters.js';
import type { BenchOptions } from './options.js';
import type { Servers } from './servers.js';
import { setUp, type Setup } from './setup.js';
import { percentile } from './statistics.js';
import { TRANSPORTS, type TransportName } from './transports.js';
import type { Sample, Workload } from './workload.js';
import { WORKLOADS } from './workloads.js';

/** What one round showed. */
export interface Round {
  readonly invocations: number;
  readonly perSecond: number;
  /** Milliseconds; of workloads that time each of something. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | undefined;
  /** What else the workload measures. */
  readonly figures: Readonly<Record<string, number>>;
  /** Used per invocation. */
  readonly costs: Counts;
}

/** Every round of a workload on a transport. */
export interface Measurement {
  readonly workload: string;
  readonly title: string;
  readonly reports: Workload['reports'];
  readonly transport: TransportName;
  readonly rounds: readonly Round[];
}

/** Measures every workload that the options ask for on every transport, one after the other. */
export async function measureAll(
  options: BenchOptions,
  servers: Servers,
  progress: (line: string) => void,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const transport of options.transports) {
    const setup = await setUp(TRANSPORTS[transport], servers);
    try {
      for (const workload of WORKLOADS.filter(({ name }) => options.workloads.includes(name))) {
        const rounds = await measure(workload, setup, options);
        const { name, title, reports } = workload;
        measurements.push({ workload: name, title, reports, transport, rounds });
        progress(`${transport}: ${title}: ${rounds.map(shortly).join(', ')}`);
      }
    } finally {
      await setup.close();
    }
  }
  return measurements;
}

async function measure(workload: Workload, setup: Setup, { rounds, size }: BenchOptions): Promise<Round[]> {
  const count = Math.max(1, Math.round(workload.count * size));
  const measured: Round[] = [];
  if (!workload.once) await workload.run(setup, count);
  for (let round = 0; round < (workload.once ? 1 : rounds); round++) {
    const before = await setup.counters.read();
    const sample = await workload.run(setup, count);
    measured.push(toRound(sample, before, await setup.counters.read()));
  }
  return measured;
}

function toRound(
  { invocations, seconds, latencies = [], figures = {} }: Sample,
  before: Counts,
  after: Counts,
): Round {
  const latency =
    latencies.length === 0
      ? undefined
      : {
          p50: percentile(latencies, 50),
          p95: percentile(latencies, 95),
          p99: percentile(latencies, 99),
        };
  const costs = perInvocation(before, after, invocations);
  return { invocations, perSecond: invocations / seconds, latency, figures, costs };
}

function shortly({ perSecond, latency, figures }: Round): string {
  const named = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`);
  if (named.length > 0) return `(${named.join(', ')})`;
  return latency ? `${latency.p50.toFixed(2)} ms` : `${Math.round(perSecond)}/s`;
}
