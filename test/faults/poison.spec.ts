import { jest } from '@jest/globals';
import type { WorkerOptions } from '../../lib/index.js';
import { form } from '../support/form.js';
import { until } from '../support/until.js';
import type { Plan, StepPlan } from '../apps/faults/protocol.js';
import { PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import { RemoteError, WorkerDied, type WorkerProcess } from './support/worker-process.js';

jest.setTimeout(240_000);

const MAX_DEATHS = 3;
const WORKER: WorkerOptions = { lease: '500ms', sweepInterval: '100ms', maxDeaths: MAX_DEATHS };
/** Far more than an invocation may bring about. */
const MOST_DEATHS = 2 * MAX_DEATHS;
const GOOD: Plan = { steps: [{ name: 'one' }, { name: 'two' }] };

type Death = NonNullable<StepPlan['dies']>;

const CASES = form<readonly (readonly [Setting, Death])[]>(
  [
    ['embedded', 'exit'],
    ['postgres', 'exit'],
    ['postgres+redis', 'kill'],
    ['postgres', 'heap'],
  ],
  [
    ['embedded', 'exit'],
    ['postgres+redis', 'heap'],
  ],
);

/** An invocation that ends its process each time, until that is enough. */
describe('S14 an invocation whose step ends the process', () => {
  const trial = new Trial('S14', 'steps that end their processes');
  let scene: Scene;

  afterAll(() => trial.report());

  async function open(setting: Setting): Promise<void> {
    scene = await Scene.open(setting, { worker: WORKER, spare: 2, trial });
  }

  afterEach(async () => {
    await scene.close();
  });

  /**
   * Starts a process again and again, as a supervisor would, until an invocation is over in one that lives. If it never is,
   * that is said: a loop without an end would outlive its test.
   */
  async function survive(id: string): Promise<WorkerProcess> {
    for (let deaths = 1; deaths <= MOST_DEATHS; deaths++) {
      // It may claim what kills it before it says that it works.
      const worker = await scene.start().catch((error: unknown) => {
        if (error instanceof WorkerDied) return undefined;
        throw error;
      });
      if (!worker) continue;
      const failed = worker.result(id).catch((error: unknown) => error instanceof RemoteError);
      if ((await failed) === true) return worker;
      await worker.exited;
    }
    throw new Error(`${id} goes on ending processes after ${MOST_DEATHS} deaths`);
  }

  it.each(CASES)(
    'on %s, by %s, fails after three deaths and names the step; good ones beside it complete',
    async (setting, dies) => {
      await open(setting);
      const first = await scene.start();
      const good = await Promise.all([first.send(GOOD), first.send(GOOD)]);
      const bad = await first.send({ steps: [{ name: 'fine' }, { name: 'deadly', dies }] });
      await until('the process ended', () => first.exit !== undefined, PATIENCE_MS);
      const last = await survive(bad);
      good.push(await last.send(GOOD));

      const results = new Map<string, readonly string[]>();
      for (const id of good) results.set(id, await last.result(id));
      const error = (await last.result(bad).catch((thrown: unknown) => thrown)) as RemoteError;
      expect(error.failure).toMatchObject({ name: 'PoisonError', code: 'DURABLE_POISON', step: 'deadly' });
      expect(await last.ask({ do: 'info', id: bad })).toMatchObject({ status: 'failed', deaths: 3 });
      expect(scene.ledger.executions(bad, 'deadly')).toBe(3);
      expect(scene.ledger.executions(bad, 'fine')).toBe(1);
      expect(await scene.conclude({ accepted: [...good, bad], results })).toEqual([]);
    },
  );

  it('is over after three deaths also if it never ends, and takes no more processes', async () => {
    await open('postgres');
    const client = await scene.start({ worker: false });
    const bad = await client.send({ steps: [{ name: 'deadly', blockUntil: scene.path('never') }] });
    for (const deaths of [1, 2, 3]) {
      // It may not come to say that it works.
      scene.start().catch(() => undefined);
      const isBegun = (): boolean => scene.ledger.executions(bad, 'deadly') === deaths;
      await until(`the step has begun ${deaths} times`, isBegun, PATIENCE_MS);
    }
    const last = await scene.start();
    const error = (await client.result(bad).catch((thrown: unknown) => thrown)) as RemoteError;
    expect(error.failure).toMatchObject({ code: 'DURABLE_POISON', step: 'deadly' });
    const good = await last.send(GOOD);
    const results = new Map([[good, await last.result(good)]]);
    const stuck = scene.workers.filter(worker => worker !== last && worker !== client);
    await Promise.all(stuck.map(worker => worker.kill()));
    expect(stuck).toHaveLength(3);
    expect(await scene.conclude({ accepted: [bad, good], results })).toEqual([]);
  });

  it('is reached by a cancellation between two deaths, and then ends no other process', async () => {
    await open('postgres');
    const client = await scene.start({ worker: false });
    const first = await scene.start();
    const bad = await client.send({ steps: [{ name: 'deadly', dies: 'exit' }] });
    await until('the process ended', () => first.exit !== undefined, PATIENCE_MS);
    await client.ask({ do: 'cancel', id: bad });
    await scene.start();
    const error = (await client.result(bad).catch((thrown: unknown) => thrown)) as RemoteError;
    expect(error.failure.name).toBe('CancelledError');
    expect(scene.ledger.executions(bad, 'deadly')).toBe(1);
    expect(await scene.conclude({ accepted: [bad], results: new Map() })).toEqual([]);
  });

  it('does not take along those that were in the middle of a long step each time', async () => {
    await open('postgres');
    const first = await scene.start();
    const long: Plan = { steps: [{ name: 'long', ms: 1_000 }] };
    const innocent = await Promise.all(Array.from({ length: 3 }, () => first.send(long)));
    const held = (): boolean => innocent.every(id => scene.ledger.executions(id, 'long') > 0);
    await until('the long steps are executed', held, PATIENCE_MS);
    const bad = await first.send({ steps: [{ name: 'deadly', ms: 100, dies: 'exit' }] });
    await until('the process ended', () => first.exit !== undefined, PATIENCE_MS);
    const last = await survive(bad);

    const results = new Map<string, readonly string[]>();
    for (const id of innocent) results.set(id, await last.result(id));
    expect(await scene.conclude({ accepted: [...innocent, bad], results })).toEqual([]);
  });
});
