import { compare, type Contender } from './comparison.js';
import type { Measurement } from './measurement.js';
import type { Scenario, Stage } from './scenario.js';
import { setUp } from './setup.js';
import { TRANSPORTS } from './transports.js';
import { WORKLOADS } from './workloads.js';

/** Worker processes that are compared. */
const WORKERS = [1, 2, 4];
/** How much longer a round is than elsewhere: each process has the same code to compile, and a part of the work to do it. */
const LONGER = 5;

/** W1 and W2 with more worker processes, each number of them on a database of its own. */
export const SCALE_OUT: Scenario = { name: 'scale-out', transports: ['redis-2'], run: scaleOut };

async function scaleOut(stage: Stage): Promise<Measurement[]> {
  const contenders: Contender[] = [];
  try {
    for (const workers of WORKERS) {
      const setup = await setUp({ ...TRANSPORTS[stage.transport], workers }, stage.servers);
      contenders.push({ label: workers === 1 ? '1 worker' : `${workers} workers`, setup });
    }
    const measurements: Measurement[] = [];
    for (const workload of WORKLOADS.filter(({ name }) => name === 'w1' || name === 'w2')) {
      const longer = { ...workload, count: workload.count * LONGER };
      measurements.push(...(await compare(SCALE_OUT.name, longer, contenders, stage)));
    }
    return measurements;
  } finally {
    for (const { setup } of contenders) await setup.close();
  }
}
