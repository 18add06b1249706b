import { measureRound, roundOfFigures, settingOf, type Measurement, type Round } from './measurement.js';
import { sized, type Stage } from './scenario.js';
import type { Setup } from './setup.js';
import type { Workload } from './workload.js';

/** One of several setups that are compared. */
export interface Contender {
  /** What sets it apart, as the tables say it. */
  readonly label: string;
  readonly setup: Setup;
}

/**
 * Measures a workload on each contender in turns, round by round, and how each does beside the first in the same round.
 * Who begins changes with the rounds, so that what the machine does meanwhile is nobody's advantage.
 *
 * @param name as `--workload` names the comparison
 */
export async function compare(
  name: string,
  workload: Workload,
  contenders: readonly Contender[],
  { transport, options, progress }: Stage,
): Promise<Measurement[]> {
  const count = sized(workload.count, options.size);
  for (const { setup } of contenders) await workload.run(setup, count);
  const rounds = contenders.map((): Round[] => []);
  for (let round = 0; round < options.rounds; round++)
    for (const at of turns(contenders.length, round)) {
      const { setup } = contenders[at]!;
      rounds[at]![round] = await measureRound(setup, () => workload.run(setup, count));
    }
  const common = { workload: name, transport, setting: settingOf(transport) };
  const measurements = contenders.map(({ label }, at): Measurement => {
    return {
      ...common,
      title: `${workload.title}, ${label}`,
      reports: workload.reports,
      rounds: rounds[at] ?? [],
    };
  });
  const ratios = ratiosOf(
    contenders.map(({ label }) => label),
    rounds,
  );
  const shown = ratios.map(one => Object.entries(one).map(([what, value]) => `${what} ${value.toFixed(3)}`));
  progress(`${transport}: ${name}: ${workload.title}: ${shown.map(one => one.join(', ')).join('; ')}`);
  const title = workload.title;
  return [...measurements, { ...common, title, reports: 'figures', rounds: ratios.map(roundOfFigures) }];
}

/** The order of a round: everybody begins as often as the others. */
export function turns(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, at) => (at + round) % count);
}

/**
 * What each contender but the first did in each round, beside the first in that round: of the p50 where the rounds have
 * latencies, else of the invocations in a second.
 */
export function ratiosOf(
  labels: readonly string[],
  rounds: readonly (readonly Pick<Round, 'perSecond' | 'latency'>[])[],
): Record<string, number>[] {
  const [first = [], ...others] = rounds;
  return first.map((base, round) => {
    const ratios = others.map((their, at) => {
      const [what, ratio] = ratioOf(base, their[round]);
      return [`${what}, ratio of ${labels[at + 1]} to ${labels[0]}`, ratio] as const;
    });
    return Object.fromEntries(ratios);
  });
}

type Measured = Pick<Round, 'perSecond' | 'latency'>;

function ratioOf(base: Measured, their: Measured | undefined): [what: string, ratio: number] {
  if (base.latency) return ['p50', (their?.latency?.p50 ?? NaN) / base.latency.p50];
  return ['invocations/s', (their?.perSecond ?? NaN) / (base.perSecond ?? NaN)];
}
