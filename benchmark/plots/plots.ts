import type { Machine } from '../machine.js';
import { settingOf, type Measurement } from '../measurement.js';
import type { Report } from '../report.js';
import { growthPlot } from './growth-plot.js';
import { latencyPlot } from './latency-plot.js';

/** A file to write. */
export interface Plot {
  readonly file: string;
  readonly svg: string;
}

/** Workloads whose latencies are plotted. */
const TIMED = ['w3', 'load'];

/** Plots of what a run has measured: the latencies of each transport, and growth. */
export function plotsOf({ machine, measurements }: Report): Plot[] {
  const note = noteOf(machine);
  const timed = measurements.filter(
    ({ workload, rounds }) => TIMED.includes(workload) && rounds.some(({ latency }) => latency),
  );
  const plots = [...new Set(timed.map(({ transport }) => transport))].map((transport): Plot => {
    const ofIt = timed.filter(one => one.transport === transport);
    const title = `Latency from accept to result: ${settingOf(transport)}`;
    return { file: `latency-${transport}.svg`, svg: latencyPlot(ofIt, title, note) };
  });
  const grown = measurements.filter(
    ({ workload, reports }) => workload === 'growth' && reports === 'figures',
  );
  if (grown.length === 0) return plots;
  return [...plots, { file: 'growth.svg', svg: growthPlot(grown, growthTitle(grown), note) }];
}

function growthTitle(measurements: readonly Measurement[]): string {
  const [name = ''] = Object.keys(measurements[0]?.rounds[0]?.figures ?? {});
  const finished = /ratio of ([\d,]+) finished/.exec(name)?.[1] ?? '';
  return `Growth: W1 to W3 on ${finished} finished invocations, beside empty tables`;
}

function noteOf({ cores, memoryGb, cpu, versions, date }: Machine): string {
  const servers = ['Node', 'PostgreSQL', 'Redis'].filter(name => versions[name] !== undefined);
  const programs = servers.map(name => `${name} ${versions[name]}`).join(', ');
  return `${cores} cores, ${memoryGb} GiB, ${cpu}; ${programs}; ${date.slice(0, 10)}`;
}
