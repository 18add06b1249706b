import type { InvocationHandle } from 'nestjs-durable';
import { InterruptedService } from './interruption.js';
import { roundOf, shortly, type Measurement } from './measurement.js';
import { sized, type Scenario, type Stage } from './scenario.js';
import { setUp, type Setup } from './setup.js';
import { TRANSPORTS } from './transports.js';
import { until } from './until.js';
import { expectCount, expectResult, inTurns, STARTERS, type Sample } from './workload.js';

/** Invocations that the killed worker drives, at the usual size. */
const COUNT = 10_000;
const LEASE_SECONDS = 15;
const SWEEP_SECONDS = 1;
/** Leases, and seconds beside them, within which all are to have been resumed. */
const GOAL = { leases: 2, seconds: 10 };

/** W10: what one worker process drove goes on in another, once the first was killed. */
export const RECOVERY: Scenario = { name: 'w10', transports: ['postgres', 'redis'], run: recovery };

async function recovery({ transport, servers, options, progress }: Stage): Promise<Measurement[]> {
  const count = sized(COUNT, options.size);
  const worker = {
    // As many slots as there are invocations: all of them are owned by the worker that is killed.
    concurrency: Math.max(100, count),
    lease: LEASE_SECONDS * 1_000,
    sweepInterval: SWEEP_SECONDS * 1_000,
  };
  const apart = { ...TRANSPORTS[transport], workers: 1 };
  const setup = await setUp(apart, servers, { worker, holds: true });
  try {
    const round = roundOf(await takeOver(setup, count));
    const measurement: Measurement = {
      workload: RECOVERY.name,
      title: 'W10 take-over of 10,000 from a killed worker',
      reports: 'figures',
      transport,
      setting: transport === 'redis' ? 'PostgreSQL + Redis, processes apart' : 'PostgreSQL, processes apart',
      rounds: [round],
    };
    progress(`${transport}: ${measurement.title}: ${shortly(round)}`);
    return [measurement];
  } finally {
    await setup.close();
  }
}

/** Kills the worker of a setup in the midst of so many invocations, with another one beside it. */
async function takeOver(setup: Setup, count: number): Promise<Sample> {
  const [killed] = setup.workers;
  if (!killed) throw new Error('there is no worker process to kill');
  const sends = setup.client.send(InterruptedService);
  const handles: InvocationHandle<number>[] = [];
  await inTurns(STARTERS, count, async value => void (handles[value] = await sends.twoSteps(value)));
  const held = async (): Promise<boolean> => (await killed.ask('interruptions')).reached === count;
  await until('the worker drives all of them', held);
  const successor = await setup.startWorker();
  const killedAt = Date.now();
  await killed.kill();
  await Promise.all(handles.map((handle, value) => expectResult(handle, value)));
  const seconds = (Date.now() - killedAt) / 1_000;
  const { begun, lastBegunAt, recorded } = await successor.ask('interruptions');
  expectCount('the number of those that went on', begun, count);
  expectCount('the number of recorded steps that ran again', recorded, 0);
  const figures = {
    'seconds from the kill until the last was resumed': (lastBegunAt - killedAt) / 1_000,
    'seconds from the kill until the last result': seconds,
    'seconds allowed until the last is resumed': GOAL.leases * LEASE_SECONDS + GOAL.seconds,
    'lease, seconds': LEASE_SECONDS,
    'sweep, seconds': SWEEP_SECONDS,
  };
  return { invocations: count, seconds, figures };
}
