import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { WorkerOptions } from '../../lib/index.js';
import type { LedgerLine, Plan } from '../apps/faults/protocol.js';
import { SeededRandom } from './support/random.js';
import { hasLostLease, Scene, type Setting } from './support/scene.js';

jest.setTimeout(240_000);

const SETTINGS: readonly Setting[] = ['postgres', 'postgres+redis'];
const WORKERS = 3;
const INVOCATIONS = 300;
const STEPS = 5;
const KILLING_MS = 15_000;
/** All of these deaths come from outside, however many hit one invocation. */
const WORKER: WorkerOptions = { lease: '1s', sweepInterval: '100ms', concurrency: 12, maxDeaths: 1_000 };

interface Kill {
  readonly pid: number;
  readonly at: number;
}

describe.each(SETTINGS)('on %s, with workers killed at random', setting => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.open(setting, { worker: WORKER, spare: 2 });
  });

  afterAll(async () => {
    await scene.close();
  });

  it(`${INVOCATIONS} invocations complete, and at most the step in flight is repeated`, async () => {
    const random = SeededRandom.fromEnvironment();
    const client = await scene.start({ worker: false });
    const fleet = await Promise.all(Array.from({ length: WORKERS }, () => scene.start()));
    const ids = await Promise.all(Array.from({ length: INVOCATIONS }, () => client.send(plan(random))));

    const kills: Kill[] = [];
    const end = performance.now() + KILLING_MS;
    while (performance.now() < end) {
      await sleep(random.between(500, 900));
      const at = random.between(0, WORKERS - 1);
      const victim = fleet[at];
      if (!victim) throw new Error('the fleet is complete at all times');
      kills.push({ pid: victim.pid, at: Date.now() });
      await victim.kill();
      fleet[at] = await scene.start();
    }
    const results = new Map<string, readonly string[]>();
    await Promise.all(ids.map(async id => results.set(id, await client.result(id))));

    report(scene, kills);
    expect(await scene.conclude({ accepted: ids, results })).toEqual([]);
  });
});

function plan(random: SeededRandom): Plan {
  const steps = Array.from({ length: STEPS }, (_, at) => ({
    name: `step ${at}`,
    ms: random.between(50, 350),
  }));
  return { steps };
}

/** What it was like, for people. */
function report(scene: Scene, kills: readonly Kill[]): void {
  const lines = scene.ledger.lines();
  const repeated = scene.ledger.begun('step').length - INVOCATIONS * STEPS;
  const times = kills.flatMap(kill => takeOverTimes(lines, kill)).sort((one, other) => one - other);
  const at = (share: number): number | undefined => times[Math.floor((times.length - 1) * share)];
  console.log(
    `${kills.length} kills, ${times.length} invocations taken over ${at(0)} to ${at(1)} ms later (median ${at(0.5)}), ` +
      `${repeated} steps repeated, ${scene.workers.filter(hasLostLease).length} leases lost`,
  );
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
