import { jest } from '@jest/globals';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { form } from '../support/form.js';
import { expectLogged, Load, mixed } from './support/load.js';
import { sleeps } from './support/order-checks.js';
import { hasLostLease, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SKEWS = [0, HOUR, -HOUR];
/** As a timer may: those of Node.js fire early by a millisecond now and then. */
const TIMERS_BY = 0.8;
/** Far above what a busy machine keeps a worker from renewing, and far below what the clocks are wrong by. */
const WORKER: WorkerOptions = { lease: '3s', sweepInterval: '100ms', concurrency: 20, maxDeaths: 1_000 };
const SLEEP_MS = 300;
const SLEEPS: Plan = { steps: [{ name: 'one' }, { name: 'two', first: { sleep: SLEEP_MS } }] };
/** Completed between two faults. */
const BETWEEN = 40;

describe.each(SETTINGS)('S17 on %s, with clocks that are an hour off and jump', setting => {
  const trial = new Trial('S17', `on ${setting}`, 4_000);
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.open(setting, { worker: WORKER, spare: 3, trial });
  });

  afterAll(async () => {
    await scene.close();
    trial.report();
  });

  it('no living worker loses its lease, no timer is over early, and all completes as ever', async () => {
    const { random } = trial;
    const start = (skewMs: number) => scene.start({ skewMs, timersBy: TIMERS_BY });
    const client = await scene.start({ worker: false, skewMs: HOUR });
    const fleet = await Promise.all(SKEWS.map(start));
    const load = new Load(
      client,
      number => (number % 2 === 0 ? SLEEPS : mixed((number - 1) / 2)),
      10,
      async (id, number) => {
        if (number % 2 === 1) await client.ask({ do: 'signal', id, name: 'go', value: 'came', key: 'once' });
      },
    );
    while (trial.goesOn()) {
      await scene.progress(BETWEEN);
      // In the middle of their leases.
      await Promise.all(fleet.map(worker => worker.ask({ do: 'jump', skewMs: random.between(-HOUR, HOUR) })));
      trial.total('clock jumps', fleet.length);
      await scene.progress(BETWEEN);
      const at = random.between(0, fleet.length - 1);
      await fleet[at]?.kill();
      fleet[at] = await start(SKEWS[random.between(0, SKEWS.length - 1)] ?? 0);
    }
    await scene.progress(BETWEEN);
    await load.stop();
    await expectLogged(scene);

    const late = sleeps(scene.ledger.lines()).map(({ lateMs }) => lateMs);
    trial.measure('lateness of timers ms', ...late);
    expect(late.length).toBeGreaterThan(BETWEEN);
    expect(late.filter(ms => ms < 0)).toEqual([]);
    expect(scene.workers.filter(worker => !worker.exit && hasLostLease(worker))).toEqual([]);
    expect(await scene.conclude(load)).toEqual([]);
  });
});
