import { compare } from './comparison.js';
import { writeHistory } from './history.js';
import type { Measurement } from './measurement.js';
import { sized, type Scenario, type Stage } from './scenario.js';
import { setUp } from './setup.js';
import { TRANSPORTS } from './transports.js';
import { secondsSince } from './workload.js';
import { WORKLOADS } from './workloads.js';

/** Invocations that have ended before, at the usual size. */
const HISTORY = 1_000_000;

/** W1 to W3 on tables that hold a long history, against the same on tables that hold none. */
export const GROWTH: Scenario = { name: 'growth', transports: ['postgres', 'redis', 'redis-2'], run: growth };

async function growth(stage: Stage): Promise<Measurement[]> {
  const { transport, servers, options, progress } = stage;
  const empty = await setUp(TRANSPORTS[transport], servers);
  try {
    const grown = await setUp(TRANSPORTS[transport], servers);
    try {
      const count = sized(HISTORY, options.size);
      const started = performance.now();
      await writeHistory(grown, count);
      const label = `${count.toLocaleString('en-US')} finished`;
      progress(`${transport}: growth: ${label}, written in ${Math.round(secondsSince(started))} s`);
      const contenders = [
        { label: 'none finished', setup: empty },
        { label, setup: grown },
      ];
      const measurements: Measurement[] = [];
      for (const workload of WORKLOADS.filter(({ name }) => ['w1', 'w2', 'w3'].includes(name)))
        measurements.push(...(await compare(GROWTH.name, workload, contenders, stage)));
      return measurements;
    } finally {
      await grown.close();
    }
  } finally {
    await empty.close();
  }
}
