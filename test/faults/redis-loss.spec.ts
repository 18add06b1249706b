import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { expectLogged, Load, mixed } from './support/load.js';
import { sleeps } from './support/order-checks.js';
import { RedisPair } from './support/redis-pair.js';
import { hasLostLease, Scene } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const SWEEP_MS = 200;
/**
 * Nobody dies here, and a busy machine is no reason to take anything away. What waits lets go at once, so that all of
 * it hangs on a hint in Redis, or on the sweep.
 */
const WORKER: WorkerOptions = {
  lease: '30s',
  sweepInterval: SWEEP_MS,
  concurrency: 40,
  residency: '50ms',
};
const WAYS = ['FLUSHALLs', 'older AOFs restored', 'cut replicas promoted'] as const;
/** The longest sleep, and the longest wait for a signal: so many wait at any moment, in the long form a thousand. */
const SLEEP_MS = Trial.isLong ? 40_000 : 4_000;
const SIGNAL_MS = Trial.isLong ? 15_000 : 2_000;
/** The promises are for a machine that is not overloaded: the long form holds it to them. */
const DISPATCHED_WITHIN_MS = SWEEP_MS + 10_000;
const TIMERS_LATE_MS = 5_000;

/** Redis holds hints only: it may lose all of them, at any time. */
describe('S07 with a Redis that forgets, under load', () => {
  const trial = new Trial('S07', 'on postgres+redis');
  let redis: RedisPair;
  let scene: Scene;

  beforeAll(async () => {
    redis = await RedisPair.start();
    scene = await Scene.open('postgres+redis', { redis: redis.url, worker: WORKER, fleet: 3, trial });
  });

  afterAll(async () => {
    await scene.close();
    await redis.stop();
    trial.report();
  });

  const lose: Record<(typeof WAYS)[number], () => Promise<void>> = {
    FLUSHALLs: async () => {
      await scene.progress(30);
      await redis.flush();
    },
    'older AOFs restored': async () => {
      const restore = await redis.backUp();
      await scene.progress(30);
      await restore();
    },
    'cut replicas promoted': async () => {
      const promote = await redis.cut();
      await scene.progress(30);
      await promote();
    },
  };

  /** What was due when Redis lost it, and what waited then, for a time or a signal. */
  async function atLoss(): Promise<{ readonly due: string[]; readonly parked: number }> {
    const [row] = await scene.database.query<{ due: string[]; parked: number }>(
      `select coalesce(json_agg(id) filter (where due_at <= now()), '[]') as due,
         count(*) filter (where status = 'suspended')::int as parked
       from durable.invocation where owner is null and finished_at is null`,
    );
    return row ?? { due: [], parked: 0 };
  }

  /** Resolves to the milliseconds until all of them are, or were, driven again. */
  async function dispatched(due: readonly string[]): Promise<number> {
    const since = performance.now();
    const isTaken = async (): Promise<boolean> => {
      const left = await scene.database.query(
        `select 1 from durable.invocation where id = any($1::uuid[]) and due_at <= now() - $2::float8 * interval '1 millisecond'`,
        [due, performance.now() - since],
      );
      return left.length === 0;
    };
    await scene.until('what was due is driven', isTaken);
    return performance.now() - since;
  }

  it('all complete, once each: what runs, sleeps, waits for signals, calls, and queues for objects', async () => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    const load = new Load(
      client,
      number => (number % 2 === 0 ? sleeper(trial.random.between(200, SLEEP_MS)) : mixed((number - 1) / 2)),
      Trial.isLong ? 20 : 30,
      async (id, number) => {
        if (number % 2 === 0) return;
        await sleep(trial.random.between(0, SIGNAL_MS));
        await client.ask({ do: 'signal', id, name: 'go', value: 'came' });
      },
    );
    for (let round = 0; round < WAYS.length || trial.goesOn(); round++) {
      const way = WAYS[round % WAYS.length] ?? 'FLUSHALLs';
      await lose[way]();
      trial.total(way);
      const { due, parked } = await atLoss();
      trial.count('waiting at losses', parked);
      trial.count('due at losses', due.length);
      trial.measure('dispatched again ms', await dispatched(due));
    }
    await scene.progress(30);
    await load.stop();
    await expectLogged(scene);

    trial.measure('timers late ms', ...sleeps(scene.ledger.lines()).map(({ lateMs }) => lateMs));
    if (Trial.isLong) {
      expect(trial.samples('dispatched again ms').at(-1)).toBeLessThan(DISPATCHED_WITHIN_MS);
      expect(trial.samples('timers late ms').at(-1)).toBeLessThan(TIMERS_LATE_MS);
    }
    expect(scene.workers.filter(({ exit }) => exit !== undefined)).toEqual([]);
    expect(scene.workers.filter(hasLostLease)).toEqual([]);
    const names = scene.ledger.begun('step').map(({ id, name }) => `${id} ${name}`);
    expect(names).toHaveLength(new Set(names).size);
    expect(await scene.conclude(load)).toEqual([]);
  });
});

function sleeper(ms: number): Plan {
  return {
    steps: [
      { name: 'one', ms: 20 },
      { name: 'two', first: { sleep: ms } },
    ],
  };
}
