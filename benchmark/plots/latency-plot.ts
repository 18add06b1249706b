import { scaleLinear, scaleLog } from 'd3-scale';
import type { Latency, Measurement } from '../measurement.js';
import { percentile, SHARES } from '../statistics.js';
import { RIGHT, rounded, svg, TOP } from './frame.js';

const AREA = { left: 76, right: RIGHT, top: TOP, bottom: 400 };
/** A logarithm has no zero. */
const SHORTEST_MS = 0.001;

/** The share of what was timed that ended within so many milliseconds: of each measurement the median of its rounds. */
export function latencyPlot(measurements: readonly Measurement[], title: string, note: string): string {
  const curves = measurements.map(({ rounds }) =>
    medians(rounds.map(({ latency }) => latency).filter(latency => latency !== undefined)),
  );
  const x = scaleLog()
    .domain([Math.min(...curves.flat()), Math.max(...curves.flat())])
    .nice()
    .range([AREA.left, AREA.right]);
  const y = scaleLinear().domain([0, 100]).range([AREA.bottom, AREA.top]);
  const frame = {
    title,
    note,
    x: {
      label: 'milliseconds from the send to the result (logarithmic)',
      ticks: x
        .ticks()
        .filter(isRound)
        .map(value => ({ at: x(value), text: value.toLocaleString('en-US') })),
    },
    y: {
      label: '% of invocations that have their result',
      ticks: y.ticks(5).map(value => ({ at: y(value), text: String(value) })),
    },
    area: AREA,
    legend: measurements.map(
      (one, at) => `${one.title}: p50 ${atShare(curves[at], 50)}, p99 ${atShare(curves[at], 99)} ms`,
    ),
  };
  const marks = curves.map((curve, series) => {
    const points = curve.map((ms, at) => `${rounded(x(ms))} ${rounded(y(SHARES[at] ?? 0))}`);
    return `<path class="s${series}" d="M${points.join('L')}"/>`;
  });
  return svg(frame, marks);
}

/** Of each share the median of the rounds. */
export function medians(latencies: readonly Pick<Latency, 'distribution'>[]): number[] {
  return SHARES.map((_, at) => {
    const values = latencies.map(({ distribution }) => distribution[at] ?? NaN);
    return Math.max(SHORTEST_MS, percentile(values, 50));
  });
}

function atShare(curve: readonly number[] | undefined, share: number): string {
  return String(Number((curve?.[SHARES.indexOf(share)] ?? NaN).toPrecision(3)));
}

/** 1, 2 and 5, with any number of zeros: more would stand upon each other. */
function isRound(value: number): boolean {
  return /^[125]e/.test(value.toExponential());
}
