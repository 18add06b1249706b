import { jest } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import { form } from '../support/form.js';
import { Havoc } from './support/havoc.js';
import { ProgramLoad } from './support/program-load.js';
import { SeededRandom } from './support/random.js';
import { RedisPair } from './support/redis-pair.js';
import { hasLostLease, Scene, type Setting } from './support/scene.js';
import { Standstill } from './support/standstill.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const WORKERS = form(4, 2);
/** Programs that are under way at all times, each of several invocations. */
const UNDER_WAY = form(120, 60);
/** In the short form there are that many; in the long one, as many as there is time for. */
const SHORT = 200;
const PAUSE_MS = 2_000;
/** In the short form something breaks after every so many programs: its cost does not grow with the time that it takes. */
const PAUSE_PROGRAMS = 16;
const STANDSTILL_MS = 60_000;
const LEASE_MS = 2_000;
/** All of these deaths come from outside, however many hit one invocation. */
const WORKER: WorkerOptions = {
  lease: LEASE_MS,
  sweepInterval: '100ms',
  concurrency: 100,
  maxDeaths: 1_000,
  residency: '200ms',
};
/** Seed of the one program that is to be run again and again, as a failure printed it. */
const { DURABLE_TEST_PROGRAM: PROGRAM } = process.env;

describe.each(SETTINGS)('S39 on %s, random programs while everything breaks', setting => {
  const trial = new Trial('S39', `on ${setting}`, 0);
  let postgres: PostgresServer;
  let redis: RedisPair;
  let scene: Scene;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres({ fsync: false }), RedisPair.start()]);
    scene = await Scene.open(setting, {
      postgres: postgres.url,
      redis: redis.url,
      worker: WORKER,
      spare: 2,
      trial,
    });
  });

  afterAll(async () => {
    await scene.close();
    await Promise.all([postgres.stop(), redis.stop()]);
    trial.report();
  });

  it('every counter is what the programs alone say, and all of them end', async () => {
    const { seed } = trial.random;
    const client = await scene.start({ worker: false });
    const load = new ProgramLoad(scene, client, trial, number =>
      Number(PROGRAM ?? (seed + number * 7_919) % 2 ** 32),
    );
    const onRedis = setting === 'postgres+redis' && { redis: redis.url, pair: redis };
    // Where a replay sends again: at random moments that is too rare to be seen.
    const killAt = 'child:after';
    const targets = { scene, postgres, leaseMs: LEASE_MS, clocks: true, killAt, ...onRedis };
    const havoc = new Havoc(targets, trial, new SeededRandom(seed));
    await havoc.start(WORKERS);
    const standstill = new Standstill(scene.database, STANDSTILL_MS, seed);

    const goesOn = (): boolean => trial.goesOn() || (!Trial.isLong && load.started.length < SHORT);
    const feed = async (): Promise<void> => {
      while (goesOn()) await load.follow();
    };
    const pause = (): Promise<void> =>
      Trial.isLong ? havoc.whileOf(PAUSE_MS) : load.progress(PAUSE_PROGRAMS);
    const breaks = havoc.run(pause);
    const drive = async (): Promise<void> => {
      await Promise.all(Array.from({ length: UNDER_WAY }, feed));
      havoc.end();
      await breaks;
      await standstill.none();
      load.end();
    };
    try {
      await standstill.during(Promise.all([drive(), load.bring(), breaks]));
    } finally {
      havoc.end();
      load.end();
      await breaks;
    }

    const wrong = await load.wrong();
    trial.count('leases lost', scene.workers.filter(hasLostLease).length);
    trial.count('wrong ones', wrong.length);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(trial.counted('worker kills') + trial.counted('worker stops')).toBeGreaterThan(0);
    expect(await leftovers()).toEqual([]);
    await havoc.close();
  });

  /** What is there once all processes have ended in an orderly way. */
  async function leftovers(): Promise<string[]> {
    const unclean = await scene.shutDown();
    const rows = await scene.database.query<{ what: string }>(
      `select 'worker ' || id || ' has a lease' as what from durable.worker
       union all select 'object ' || key || ' is held' from durable.object
       union all select 'signal ' || name || ' was not taken' from durable.signal where taken_by is null`,
    );
    const open = await scene.openTransactions();
    return [...unclean, ...rows.map(({ what }) => what), ...(open > 0 ? [`${open} open transactions`] : [])];
  }
});
