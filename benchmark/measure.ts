import { SCENARIOS } from './catalogue.js';
import { measureRound, settingOf, shortly, type Measurement, type Round } from './measurement.js';
import type { BenchOptions } from './options.js';
import { sized } from './scenario.js';
import type { Servers } from './servers.js';
import { setUp, type Setup } from './setup.js';
import { TRANSPORTS, type TransportName } from './transports.js';
import type { Workload } from './workload.js';
import { WORKLOADS } from './workloads.js';

type Progress = (line: string) => void;

/** Measures everything that the options ask for on every transport, one after the other. */
export async function measureAll(
  options: BenchOptions,
  servers: Servers,
  progress: Progress,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const transport of options.transports) {
    const workloads = WORKLOADS.filter(({ name }) => options.workloads.includes(name));
    if (workloads.length > 0)
      measurements.push(...(await measureWorkloads(transport, workloads, { options, servers, progress })));
    const scenarios = SCENARIOS.filter(({ name }) => options.workloads.includes(name));
    for (const { run } of scenarios.filter(({ transports }) => transports.includes(transport)))
      measurements.push(...(await run({ transport, servers, options, progress })));
  }
  return measurements;
}

/** All of them on one setup. */
async function measureWorkloads(
  transport: TransportName,
  workloads: readonly Workload[],
  { options, servers, progress }: { options: BenchOptions; servers: Servers; progress: Progress },
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const setup = await setUp(TRANSPORTS[transport], servers);
  try {
    for (const workload of workloads) {
      const rounds = await measure(workload, setup, options);
      const { name, title, reports } = workload;
      const setting = settingOf(transport);
      measurements.push({ workload: name, title, reports, transport, setting, rounds });
      progress(`${transport}: ${title}: ${rounds.map(shortly).join(', ')}`);
    }
    return measurements;
  } finally {
    await setup.close();
  }
}

async function measure(workload: Workload, setup: Setup, { rounds, size }: BenchOptions): Promise<Round[]> {
  const count = sized(workload.count, size);
  const measured: Round[] = [];
  if (!workload.once) await workload.run(setup, count);
  for (let round = 0; round < (workload.once ? 1 : rounds); round++)
    measured.push(await measureRound(setup, () => workload.run(setup, count)));
  return measured;
}
