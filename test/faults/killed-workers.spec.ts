import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { WorkerOptions } from '../../lib/index.js';
import type { LedgerLine, Plan } from '../apps/faults/protocol.js';
import { form } from '../support/form.js';
import type { SeededRandom } from './support/random.js';
import { hasLostLease, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(Trial.timeoutMs);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const WORKERS = form(4, 3);
const CONCURRENCY = 12;
/** That many are under way at all times: those who live have a slot for each, so that a takeover waits for no slot. */
const UNDER_WAY = (WORKERS - 1) * CONCURRENCY;
const STEPS = 5;
const LEASE_MS = 1_000;
/** All of these deaths come from outside, however many hit one invocation. */
const WORKER: WorkerOptions = {
  lease: LEASE_MS,
  sweepInterval: '100ms',
  concurrency: CONCURRENCY,
  maxDeaths: 1_000,
};

interface Kill {
  readonly pid: number;
  readonly at: number;
}

describe.each(SETTINGS)('S01 on %s, with workers killed at random', setting => {
  const trial = new Trial('S01', `on ${setting}`, 7_000);
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.open(setting, { worker: WORKER, spare: 2, trial });
  });

  afterAll(async () => {
    await scene.close();
    trial.report();
  });

  it('all that was accepted completes, and at most the step in flight is repeated', async () => {
    const client = await scene.start({ worker: false });
    const fleet = await Promise.all(Array.from({ length: WORKERS }, () => scene.start()));
    const results = new Map<string, readonly string[]>();
    const accepted: string[] = [];
    let isOver = false;
    const feed = async (): Promise<void> => {
      while (!isOver) {
        const id = await client.send(plan(trial.random));
        accepted.push(id);
        results.set(id, await client.result(id));
      }
    };
    const feeds = Promise.all(Array.from({ length: UNDER_WAY }, feed));
    const kills = await killAtRandom(scene, fleet, trial);
    isOver = true;
    await feeds;

    const lines = scene.ledger.lines();
    trial.measure('takeover ms', ...kills.flatMap(kill => takeOverTimes(lines, kill)));
    trial.count('steps repeated', scene.ledger.begun('step').length - accepted.length * STEPS);
    trial.count('leases lost', scene.workers.filter(hasLostLease).length);
    expect(kills.length).toBeGreaterThan(0);
    expect(await scene.conclude({ accepted, results })).toEqual([]);
  });
});

async function killAtRandom(scene: Scene, fleet: WorkerProcess[], trial: Trial): Promise<readonly Kill[]> {
  const kills: Kill[] = [];
  while (trial.goesOn()) {
    await sleep(trial.random.between(500, 900));
    const at = trial.random.between(0, fleet.length - 1);
    const victim = fleet[at];
    if (!victim) throw new Error('the fleet is complete at all times');
    kills.push({ pid: victim.pid, at: Date.now() });
    await victim.kill();
    fleet[at] = await scene.start();
  }
  return kills;
}

function plan(random: SeededRandom): Plan {
  const steps = Array.from({ length: STEPS }, (_, at) => ({
    name: `step ${at}`,
    ms: random.between(50, 350),
  }));
  return { steps };
}

/** Milliseconds from a kill until each invocation that was being driven was driven elsewhere. */
function takeOverTimes(lines: readonly LedgerLine[], { pid, at }: Kill): number[] {
  const handlers = lines.filter(({ what }) => what === 'handler');
  const ended = new Set(handlers.filter(({ phase }) => phase === 'end').map(({ token }) => token));
  const cut = handlers.filter(line => line.pid === pid && line.phase === 'start' && !ended.has(line.token));
  return cut.flatMap(({ id }) => {
    const next = handlers.find(line => line.id === id && line.phase === 'start' && line.at > at);
    return next ? [next.at - at] : [];
  });
}
