import { scaleLinear, scalePoint } from 'd3-scale';
import type { Measurement } from '../measurement.js';
import { percentile } from '../statistics.js';
import { RIGHT, rounded, svg, TOP, type Area } from './frame.js';

/** The ratios of one workload on one transport, one for each round. */
interface Row {
  readonly workload: string;
  readonly setting: string;
  readonly ratios: readonly number[];
}

const ROW_HEIGHT = 64;
/** How far below its workload's line a transport is drawn. */
const STEP = 13;
/** Ratios that are within the aim. */
const AIM = [0.9, 1.1] as const;

/** How W1 to W3 do on tables with a history: a point for each round, and a bar at their median. */
export function growthPlot(measurements: readonly Measurement[], title: string, note: string): string {
  const rows = rowsOf(measurements);
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  const settings = [...new Set(rows.map(({ setting }) => setting))];
  const area: Area = { left: 330, right: RIGHT, top: TOP, bottom: TOP + ROW_HEIGHT * workloads.length };
  const ratios = rows.flatMap(row => row.ratios);
  const x = scaleLinear()
    .domain([Math.min(0.8, ...ratios), Math.max(1.2, ...ratios)])
    .nice()
    .range([area.left, area.right]);
  const y = scalePoint()
    .domain(workloads)
    .range([area.top + ROW_HEIGHT / 2, area.bottom - ROW_HEIGHT / 2]);
  const at = ({ workload, setting }: Row): number =>
    (y(workload) ?? 0) + (settings.indexOf(setting) - (settings.length - 1) / 2) * STEP;
  const band = `<rect class="band" x="${rounded(x(AIM[0]))}" y="${area.top}" width="${rounded(x(AIM[1]) - x(AIM[0]))}" height="${area.bottom - area.top}"/>`;
  const points = rows.flatMap(row => {
    const series = settings.indexOf(row.setting);
    const middle = rounded(x(percentile(row.ratios, 50)));
    const dots = row.ratios.map(
      ratio => `<circle class="s${series}" r="3" cx="${rounded(x(ratio))}" cy="${rounded(at(row))}"/>`,
    );
    return [...dots, `<path class="s${series}" d="M${middle} ${rounded(at(row) - 6)}v12"/>`];
  });
  const frame = {
    title,
    note,
    x: {
      label: 'ratio to the same without a history, in the same round; shaded: within 10 %',
      ticks: x.ticks(6).map(value => ({ at: x(value), text: String(value) })),
    },
    y: {
      label: 'workload',
      ticks: workloads.map(workload => ({ at: y(workload) ?? 0, text: workload })),
    },
    area,
    legend: settings,
  };
  return svg(frame, [band, ...points]);
}

/** What is a ratio in the measurements of growth. */
function rowsOf(measurements: readonly Measurement[]): Row[] {
  return measurements.flatMap(({ title, setting, rounds }) => {
    const [name] = Object.keys(rounds[0]?.figures ?? {});
    if (name === undefined) return [];
    const what = name.startsWith('p50') ? 'p50, ms' : 'invocations/s';
    return [
      { workload: `${title}: ${what}`, setting, ratios: rounds.map(({ figures }) => figures[name] ?? NaN) },
    ];
  });
}
