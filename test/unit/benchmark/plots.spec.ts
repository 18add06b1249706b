import type { Measurement } from '../../../benchmark/measurement.js';
import { roundOf, roundOfFigures } from '../../../benchmark/measurement.js';
import { medians } from '../../../benchmark/plots/latency-plot.js';
import { plotsOf } from '../../../benchmark/plots/plots.js';
import type { Report } from '../../../benchmark/report.js';
import { SHARES } from '../../../benchmark/statistics.js';

const MACHINE: Report['machine'] = {
  date: '2026-11-20T10:00:00.000Z',
  system: 'Linux',
  cpu: 'Intel <Xeon> & more',
  cores: 2,
  memoryGb: 24,
  versions: { Node: '20.20.2', PostgreSQL: '15.20' },
  load: { before: 0, after: 0 },
  limits: { fdatasyncPerSecond: 1 },
};

function timed(workload: string, title: string, ...rounds: number[][]): Measurement {
  const setting = 'PostgreSQL, one process';
  return {
    workload,
    title,
    reports: 'latency',
    transport: 'postgres',
    setting,
    rounds: rounds.map(latencies => roundOf({ invocations: 1, seconds: 1, latencies })),
  };
}

function ratios(title: string, figure: string, ...values: number[]): Measurement {
  const rounds = values.map(value => roundOfFigures({ [figure]: value }));
  return {
    workload: 'growth',
    title,
    reports: 'figures',
    transport: 'redis',
    setting: 'PostgreSQL + Redis',
    rounds,
  };
}

const count = (svg: string, part: RegExp): number => [...svg.matchAll(part)].length;

describe('plots of a run', () => {
  const measurements = [
    timed('w3', 'W3 empty', [1, 2, 4], [2, 3, 5], [1, 1, 1]),
    timed('load', 'Load', [5, 50, 500]),
    timed('w4', 'W4', [7]),
    ratios('W1 empty', 'invocations/s, ratio of 1,000 finished to none finished', 1.3, 0.9, 1),
    ratios('W3 empty', 'p50, ratio of 1,000 finished to none finished', 1.2),
  ];
  const plots = plotsOf({ machine: MACHINE, measurements });
  const [latency, growth] = plots;

  test('are the latencies of each transport, and growth', () => {
    expect(plots.map(({ file }) => file)).toEqual(['latency-postgres.svg', 'growth.svg']);
    expect(plotsOf({ machine: MACHINE, measurements: [] })).toEqual([]);
  });

  test('say what was measured, in what unit, and where', () => {
    expect(latency?.svg).toContain('Latency from accept to result: PostgreSQL, one process');
    expect(latency?.svg).toContain('milliseconds from the send to the result');
    expect(latency?.svg).toContain('Load: p50 50, p99 500 ms');
    expect(growth?.svg).toContain('Growth: W1 to W3 on 1,000 finished invocations');
    expect(growth?.svg).toContain('W1 empty: invocations/s');
    expect(growth?.svg).toContain('W3 empty: p50, ms');
    const where =
      '2 cores, 24 GiB, Intel &lt;Xeon&gt; &amp; more; Node 20.20.2, PostgreSQL 15.20; 2026-11-20';
    for (const { svg } of plots) expect(svg).toContain(where);
  });

  test('have a curve for each timed workload, and a point for each round', () => {
    // One in the plot, one in the legend, of each.
    expect(count(latency?.svg ?? '', /<path class="s\d"/g)).toBe(4);
    expect(count(latency?.svg ?? '', /<path class="s2"/g)).toBe(0);
    expect(count(growth?.svg ?? '', /<circle /g)).toBe(4);
  });

  test('hold no number that is none, and are read on dark pages too', () => {
    for (const { svg } of plots) {
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg).toContain('prefers-color-scheme:dark');
      expect(svg).toMatch(/<rect class="page"/);
    }
  });
});

test('a curve is the median of the rounds at each share', () => {
  const flat = (ms: number) => ({ distribution: SHARES.map(() => ms) });
  expect(medians([flat(1), flat(9), flat(2)])).toEqual(SHARES.map(() => 2));
  // A logarithmic axis has no zero.
  expect(Math.min(...medians([flat(0)]))).toBeGreaterThan(0);
});
