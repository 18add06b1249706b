import { jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { RecordingIntake } from '../support/recording-intake.js';
import { Load } from './support/load.js';
import { consumersOf, databaseConnections } from './support/residue.js';
import { Scene } from './support/scene.js';
import { Trial } from './support/trial.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(Trial.timeoutMs);

const WORKER: WorkerOptions = { lease: '2s', sweepInterval: '100ms', concurrency: 20, maxDeaths: 1_000 };
const STEADY = 1;
const RESTARTED = 2;
const LIVING = STEADY + RESTARTED;
/** Restarts in the short form, and which one of how many is a kill. */
const LEAST = 6;
const KILLED = 6;
/** Consumers beyond those of the living that the reaper may be behind. */
const BEHIND = 5;
/** Connections of a process to PostgreSQL, at the most. */
const POOL = 10;
const PLAN: Plan = {
  steps: [
    { name: 'one', ms: 20 },
    { name: 'two', ms: 20 },
  ],
};

describe('S09 with workers that are restarted on and on, under load', () => {
  const trial = new Trial('S09', 'on postgres+redis');
  let server: RedisServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startRedis();
    scene = await Scene.open('postgres+redis', { redis: server.url, worker: WORKER, spare: 2, trial });
  });

  afterAll(async () => {
    await scene.close();
    await server.stop();
    trial.report();
  });

  /** Most are closed and started in one process, in an orderly way; some processes are killed. */
  async function restart(fleet: WorkerProcess[], round: number): Promise<void> {
    const at = round % fleet.length;
    const victim = fleet[at];
    if (round % KILLED === KILLED - 1) {
      await victim?.kill();
      fleet[at] = await scene.start();
    } else await victim?.ask({ do: 'again' });
    trial.count('restarts');
  }

  /** A reaper that does not wait for minutes: removes those that were idle for longer than the living ever are. */
  async function reap(redis: Redis, stream: string): Promise<void> {
    await new RecordingIntake(['Plans'], 0).on(
      await scene.redis!.open({ timing: { reapMs: 200, reapIdleMs: 8_000 } }),
    );
    const few = async (): Promise<boolean> => {
      const consumers = await consumersOf(redis, stream);
      return consumers.length <= LIVING + BEHIND && consumers.every(({ pending }) => pending === 0);
    };
    await scene.until('nothing is pending, and the consumers of the dead are gone', few);
    trial.count('consumers left', (await consumersOf(redis, stream)).length - LIVING);
  }

  it('all complete; consumers, connections and what is pending are as they were at the start', async () => {
    const redis = scene.redis!.connect();
    const client = await scene.start({ worker: false });
    await Promise.all(Array.from({ length: STEADY }, () => scene.start()));
    const fleet = await Promise.all(Array.from({ length: RESTARTED }, () => scene.start()));
    const load = new Load(client, () => PLAN, 100);
    await scene.progress(10);
    const before = await redisConnections(redis);

    for (let round = 0; round < LEAST || trial.goesOn(); round++) {
      await restart(fleet, round);
      await scene.progress(1);
    }
    await load.stop();
    await scene.until(
      'as many connections to Redis as before',
      async () => (await redisConnections(redis)) === before,
    );
    const connections = await databaseConnections(scene);
    await reap(redis, scene.redis!.streamOf('Plans'));

    trial.count('connections to PostgreSQL', connections);
    trial.count('connections to Redis', before);
    expect(connections).toBeLessThanOrEqual((LIVING + 1) * POOL);
    const released = new Set(scene.workers.map(({ pid }) => pid));
    const { accepted, results } = load;
    expect(await scene.conclude({ accepted, results, released })).toEqual([]);
  });
});

/** Of the library. */
async function redisConnections(redis: Redis): Promise<number> {
  const clients = String(await redis.client('LIST')).split('\n');
  return clients.filter(line => line.includes('name=durable:')).length;
}
