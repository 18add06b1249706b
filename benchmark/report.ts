import type { Counts } from './counters.js';
import type { Machine } from './machine.js';
import type { Measurement, Round } from './measurement.js';
import { spread } from './statistics.js';

/** A run, as `--json` writes it. */
export interface Report {
  readonly machine: Machine;
  readonly measurements: readonly Measurement[];
}

type Cells = readonly string[];

const NONE = '–';

/** The tables of a run, in Markdown. */
export function toMarkdown({ machine, measurements }: Report): string {
  const reporting = (what: Measurement['reports']): readonly Measurement[] =>
    measurements.filter(({ reports }) => reports === what);
  return [
    ...section('Throughput: median of the rounds (lowest to highest)', throughput(reporting('throughput'))),
    ...section('Latency in ms: median of the rounds (lowest to highest)', latency(reporting('latency'))),
    ...section('Other figures: median of the rounds (lowest to highest)', named(measurements)),
    ...section('Costs per invocation: median of the rounds', costs(measurements)),
    ...section('Machine', machineTable(machine)),
  ].join('\n');
}

function throughput(measurements: readonly Measurement[]): Cells[] {
  const head = ['workload', 'transport', 'invocations/s'];
  const rows = measurements.map(one => [...names(one), range(one.rounds, round => round.perSecond)]);
  return rows.length === 0 ? [] : [head, ...rows];
}

function latency(measurements: readonly Measurement[]): Cells[] {
  const head = ['workload', 'transport', 'p50', 'p95', 'p99'];
  const rows = measurements.map(one => [
    ...names(one),
    ...(['p50', 'p95', 'p99'] as const).map(share => range(one.rounds, round => round.latency?.[share])),
  ]);
  return rows.length === 0 ? [] : [head, ...rows];
}

function named(measurements: readonly Measurement[]): Cells[] {
  const rows = measurements.flatMap(one => {
    const figures = Object.keys(one.rounds[0]?.figures ?? {});
    return figures.map(name => [...names(one), name, range(one.rounds, round => round.figures[name])]);
  });
  return rows.length === 0 ? [] : [['workload', 'transport', 'what', 'value'], ...rows];
}

function costs(measurements: readonly Measurement[]): Cells[] {
  const head = [
    'workload',
    'transport',
    'write transactions',
    'SQL statements',
    'WAL bytes',
    'Redis commands',
    'CPU ms Node',
    'CPU ms PostgreSQL',
    'CPU ms Redis',
    'peak MB of Node',
  ];
  const counted = measurements.filter(({ rounds }) => rounds.some(hasCosts));
  const rows = counted.map(({ rounds, ...one }) => {
    const cost = (name: keyof Counts, factor = 1): string =>
      middle(rounds, round => times(round.costs[name], factor));
    return [
      ...names(one),
      cost('transactions'),
      cost('statements'),
      cost('walBytes'),
      cost('redisCommands'),
      // Milliseconds of one invocation are seconds of a thousand.
      cost('nodeCpu', 1_000),
      cost('postgresCpu', 1_000),
      cost('redisCpu', 1_000),
      middle(rounds, round => round.peakMemory),
    ];
  });
  return rows.length === 0 ? [] : [head, ...rows];
}

function hasCosts({ costs }: Round): boolean {
  return Object.keys(costs).length > 0;
}

function machineTable({ limits, versions, load, ...machine }: Machine): Cells[] {
  return [
    ['what', 'value'],
    ['date', machine.date],
    ['machine', `${machine.cores} cores, ${machine.memoryGb} GiB, ${machine.cpu}, ${machine.system}`],
    ...Object.entries(versions),
    ['load before and after', `${load.before}, ${load.after}`],
    ['fdatasync of 8 KiB per second', figure(limits.fdatasyncPerSecond)],
    ['commits per second of one connection', figure(limits.commitsPerSecond)],
    ['round trip to Redis p50, ms', figure(limits.redisPingMs)],
  ];
}

function names({ title, setting }: Pick<Measurement, 'title' | 'setting'>): Cells {
  return [title, setting];
}

function range(rounds: readonly Round[], read: (round: Round) => number | undefined): string {
  const values = rounds.map(read).filter(value => value !== undefined);
  if (values.length === 0) return NONE;
  const { median, min, max } = spread(values);
  return `${figure(median)} (${figure(min)} to ${figure(max)})`;
}

function middle(rounds: readonly Round[], read: (round: Round) => number | undefined): string {
  const values = rounds.map(read).filter(value => value !== undefined);
  return values.length === 0 ? NONE : figure(spread(values).median);
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

/** Three digits that count, thousands set apart. */
function figure(value: number | undefined): string {
  if (value === undefined) return NONE;
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}

function section(title: string, [head, ...rows]: readonly Cells[]): string[] {
  if (!head) return [];
  const line = (cells: Cells): string => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}
