import { GROWTH } from './growth.js';
import { RECOVERY } from './recovery.js';
import { SCALE_OUT } from './scale-out.js';
import type { Scenario } from './scenario.js';
import type { TransportName } from './transports.js';
import { WORKLOADS } from './workloads.js';

/** What sets up for itself, in the order of the tables. */
export const SCENARIOS: readonly Scenario[] = [RECOVERY, SCALE_OUT, GROWTH];

/** Everything that `--workload` can name. */
export const NAMES: readonly string[] = [...new Set([...WORKLOADS, ...SCENARIOS].map(({ name }) => name))];

/** Where what has a name can be run; `undefined`: on every transport. */
export function transportsOf(name: string): readonly TransportName[] | undefined {
  return SCENARIOS.find(scenario => scenario.name === name)?.transports;
}
