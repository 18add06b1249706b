import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Load } from './support/load.js';
import { readersSince } from './support/residue.js';
import { hasLostLease, PATIENCE_MS, Scene } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

/** Nobody dies here, and a busy machine is no reason to take anything away. */
const WORKER: WorkerOptions = { lease: '30s', sweepInterval: '200ms', concurrency: 20 };
const WORKERS = 2;
const PLAN: Plan = {
  steps: [
    { name: 'one', ms: 50 },
    { name: 'two', ms: 50 },
  ],
};
/** The promise is for a machine that is not overloaded: the long form holds it to it. */
const CONSUMES_WITHIN_MS = 10_000;

/** What becomes of Redis, for how long, in the short form and, one after the other, in the long one. */
const FAULTS = [
  { fault: 'the link is half open', seconds: Trial.isLong ? [3, 10, 60] : [3] },
  { fault: 'the server hangs', seconds: Trial.isLong ? [3, 10, 60] : [3] },
  { fault: 'the server is stopped', seconds: Trial.isLong ? [3, 10, 60] : [3] },
] as const;
type FaultName = (typeof FAULTS)[number]['fault'];

describe('S06 with a Redis that cannot be reached for a while, under load', () => {
  const trial = new Trial('S06', 'on postgres+redis');
  let server: RedisServer;
  let proxy: TcpProxy;
  let scene: Scene;

  beforeAll(async () => {
    server = await startRedis();
    proxy = await TcpProxy.to(server.port);
    scene = await Scene.open('postgres+redis', {
      redis: server.url,
      worker: WORKER,
      fleet: WORKERS + 1,
      trial,
    });
  });

  afterAll(async () => {
    await scene.close();
    await proxy.close();
    await server.stop();
    trial.report();
  });

  const begin: Record<FaultName, () => void | Promise<void>> = {
    'the link is half open': () => void (proxy.mode = 'half-open'),
    'the server hangs': () => server.kill('SIGSTOP'),
    'the server is stopped': () => server.kill('SIGKILL'),
  };
  const heal: Record<FaultName, () => void | Promise<void>> = {
    'the link is half open': () => void (proxy.mode = 'pass'),
    'the server hangs': () => server.kill('SIGCONT'),
    'the server is stopped': () => server.restart(),
  };

  const completed = (): number => scene.ledger.ends().length;

  /** Resolves to the milliseconds until every worker reads from Redis again. */
  async function readsAgain(): Promise<number> {
    const healed = performance.now();
    const redis = scene.redis?.connect();
    if (!redis) throw new Error('the scene is on Redis');
    await scene.until('all workers read from Redis again', async () => {
      const readers = await readersSince(
        redis,
        scene.redis?.streamOf('Plans') ?? '',
        performance.now() - healed,
      );
      return readers >= WORKERS;
    });
    redis.disconnect();
    return performance.now() - healed;
  }

  async function outage(fault: FaultName, seconds: number): Promise<void> {
    await scene.progress(50);
    const at = completed();
    await begin[fault]();
    await sleep(seconds * 1_000);
    trial.total('Redis outages');
    trial.count('seconds without Redis', seconds);
    await scene.until('work goes on meanwhile', () => completed() > at);
    trial.count('completed meanwhile', completed() - at);
    await heal[fault]();
    const ms = await readsAgain();
    trial.measure('consumes again ms', ms);
    expect(ms).toBeLessThan(Trial.isLong ? CONSUMES_WITHIN_MS : PATIENCE_MS);
  }

  it('every send() succeeds, all complete, once each, and workers consume again without a restart', async () => {
    const redis = `redis://127.0.0.1:${proxy.port}`;
    const client = await scene.start({ worker: false, redis });
    await Promise.all(Array.from({ length: WORKERS }, () => scene.start({ redis })));
    const load = new Load(client, () => PLAN, Trial.isLong ? 10 : 25);
    for (let round = 0; round === 0 || trial.goesOn(); round++) {
      for (const { fault, seconds } of FAULTS)
        if (round === 0 || trial.goesOn()) await outage(fault, seconds[round % seconds.length] ?? 3);
    }
    await load.stop();
    trial.measure('slowest send ms', load.slowestMs);
    expect(scene.workers.filter(({ exit }) => exit !== undefined)).toEqual([]);
    expect(scene.workers.filter(hasLostLease)).toEqual([]);
    expect(scene.ledger.begun('step')).toHaveLength(load.results.size * PLAN.steps.length);
    expect(await scene.conclude(load)).toEqual([]);
  });
});
