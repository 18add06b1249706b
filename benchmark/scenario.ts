import type { Measurement } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { Servers } from './servers.js';
import type { TransportName } from './transports.js';

/** Where a scenario is run. */
export interface Stage {
  readonly transport: TransportName;
  readonly servers: Servers;
  readonly options: Pick<BenchOptions, 'rounds' | 'size'>;
  /** Says what goes on. */
  progress(line: string): void;
}

/** Something to measure that sets up by itself what it needs: several databases, or processes that come and go. */
export interface Scenario {
  /** As `--workload` names it. */
  readonly name: string;
  /** Where it can be run. */
  readonly transports: readonly TransportName[];
  run(stage: Stage): Promise<Measurement[]>;
}

/** A size of a round, for the factor that `--size` gives. */
export function sized(count: number, size: number): number {
  return Math.max(1, Math.round(count * size));
}
