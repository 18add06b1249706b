import { jest } from '@jest/globals';
import type { Plan } from '../apps/faults/protocol.js';
import { form } from '../support/form.js';
import { until } from '../support/until.js';
import { PATIENCE_MS, Scene } from './support/scene.js';
import { Trial } from './support/trial.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(Trial.timeoutMs);

const ROUNDS = form(20, 6);
const EACH = form(25, 12);
/** Rounds in which code is compiled and pools are filled. */
const WARM_UP = 2;
const MOST_BYTES = form(8, 2) * 1_024 * 1_024;

const DONE: Plan = { steps: [{ name: 'one' }, { name: 'two' }] };
const WAITS: Plan = { steps: [{ name: 'one' }, { name: 'two', first: { signal: 'go' } }] };

type Outcome = (worker: WorkerProcess) => Promise<string>;

const waiting: Outcome = async worker => {
  const id = await worker.send(WAITS);
  const waits = async (): Promise<boolean> =>
    (await worker.ask<unknown[]>({ do: 'journal', id })).length === 2;
  await until('it waits', waits, PATIENCE_MS);
  return id;
};

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  completes: worker => worker.send(DONE),
  fails: worker => worker.send({ ...DONE, fails: true }),
  'completes when it is tried again': worker => worker.send({ ...DONE, failedAttempts: 1 }),
  'sleeps and completes': worker =>
    worker.send({ steps: [{ name: 'one', first: { sleep: 100 } }, { name: 'two' }] }),
  'is signalled and completes': async worker => {
    const id = await waiting(worker);
    await worker.ask({ do: 'signal', id, name: 'go', value: 'now' });
    return id;
  },
  'is cancelled': async worker => {
    const id = await waiting(worker);
    await worker.ask({ do: 'cancel', id });
    return id;
  },
  'exceeds its deadline': worker => worker.ask<string>({ do: 'send', plan: WAITS, deadline: 100 }),
};

describe('S25 a worker through which work goes that ends in seven ways', () => {
  const trial = new Trial('S25', 'rounds of seven outcomes', 0);
  let scene: Scene;

  beforeAll(async () => {
    // What waits is let go at once, so that each wait is a replay, too.
    scene = await Scene.open('postgres', { worker: { residency: 20, concurrency: 50 }, fleet: 1, trial });
  });

  afterAll(async () => {
    await scene.close();
    trial.report();
  });

  it('has no more in memory after many rounds of it than after a few', async () => {
    trial.goesOn();
    const worker = await scene.start();
    const heap = (): Promise<number> => worker.ask<number>({ do: 'heap' });
    const round = async (): Promise<void> => {
      const begun = Object.values(OUTCOMES).flatMap(begin =>
        Array.from({ length: EACH }, () => begin(worker)),
      );
      await Promise.all(begun.map(async id => worker.result(await id).catch(() => undefined)));
    };
    const heaps: number[] = [];
    for (let at = 0; at < ROUNDS; at++) {
      await round();
      heaps.push(await heap());
    }
    const rows = await scene.database.query<{ status: string; count: number }>(
      'select status, count(*)::int as count from durable.invocation group by status order by status',
    );

    const warm = heaps.slice(WARM_UP);
    const grown = (warm.at(-1) ?? NaN) - (warm[0] ?? NaN);
    trial.total('invocations accepted', ROUNDS * EACH * Object.keys(OUTCOMES).length);
    trial.measure('heap KiB', ...warm.map(bytes => bytes / 1_024));
    trial.count('KiB grown', Math.round(grown / 1_024));
    expect(rows).toEqual([
      { status: 'cancelled', count: ROUNDS * EACH },
      { status: 'completed', count: ROUNDS * EACH * 4 },
      { status: 'failed', count: ROUNDS * EACH * 2 },
    ]);
    expect(grown).toBeLessThan(MOST_BYTES);
  });
});
