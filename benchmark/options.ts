import { parseArgs } from 'node:util';
import { NAMES, transportsOf } from './catalogue.js';
import { TRANSPORT_NAMES, type TransportName } from './transports.js';

/** What to measure, and how long. */
export interface BenchOptions {
  readonly workloads: readonly string[];
  readonly transports: readonly TransportName[];
  /** Measured rounds of each workload on each transport; one more warms up. */
  readonly rounds: number;
  /** What the usual size of a round, and of the history of growth, is multiplied by. */
  readonly size: number;
  /** File that takes everything measured. */
  readonly json: string | undefined;
  /** Directory that takes the plots. */
  readonly svg: string | undefined;
}

/** An argument that the benchmark cannot be run with. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

export const USAGE = `npm run bench -- [options]

  --workload NAME    ${NAMES.join(', ')}; may be repeated (default: all)
  --transport NAME   ${TRANSPORT_NAMES.join(', ')}; may be repeated (default: all)
  --rounds N         measured rounds of each, after one that warms up (default: 5)
  --size FACTOR      size of a round, and of the history of growth: 1 is the usual one, 0.1 a tenth (default: 1)
  --json FILE        writes every round, the costs and the machine to a file
  --svg DIRECTORY    writes plots of the latencies and of growth, as far as they were measured, to a directory
  --help             shows this`;

/**
 * The options that arguments ask for; `undefined` for help.
 * @throws ArgumentError: says which argument, and what is allowed
 */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const workloads = chosen('workload', values.workload, NAMES);
  const transports = chosen('transport', values.transport, TRANSPORT_NAMES);
  for (const name of values.workload ?? []) assertPlace(name, transports);
  return {
    workloads,
    transports,
    rounds: number('rounds', values.rounds, 5, 'a whole number from 1 to 1000', value => {
      return Number.isInteger(value) && value >= 1 && value <= 1_000;
    }),
    size: number('size', values.size, 1, 'a number above 0, 1000 at the most', value => {
      return value > 0 && value <= 1_000;
    }),
    json: values.json,
    svg: values.svg,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        workload: { type: 'string', multiple: true },
        transport: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        size: { type: 'string' },
        json: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function chosen<Name extends string>(
  option: string,
  given: readonly string[] | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (given === undefined) return known;
  const wrong = given.find(name => !known.some(one => one === name));
  if (wrong !== undefined) throw refused(option, wrong, `one of ${known.join(', ')}`);
  return known.filter(name => given.includes(name));
}

/** What was asked for is not left out silently. */
function assertPlace(workload: string, transports: readonly TransportName[]): void {
  const places = transportsOf(workload) ?? transports;
  if (places.some(name => transports.includes(name))) return;
  throw new ArgumentError(`--workload ${workload} is measured on --transport ${places.join(' or ')} only.`);
}

function number(
  option: string,
  given: string | undefined,
  usual: number,
  rule: string,
  allows: (value: number) => boolean,
): number {
  if (given === undefined) return usual;
  const value = given.trim() === '' ? NaN : Number(given);
  if (!allows(value)) throw refused(option, given, rule);
  return value;
}

function refused(option: string, value: string, rule: string): ArgumentError {
  return new ArgumentError(`--${option} is ${JSON.stringify(value)}; it must be ${rule}.`);
}
