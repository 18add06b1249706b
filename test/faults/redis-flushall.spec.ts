import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { LedgerLine, Plan } from '../apps/faults/protocol.js';
import { Load } from './support/load.js';
import { hasLostLease, Scene } from './support/scene.js';

jest.setTimeout(240_000);

/** Nobody dies here, and a busy machine is no reason to take anything away. */
const WORKER: WorkerOptions = { lease: '30s', sweepInterval: '200ms', concurrency: 20 };
const PLAN: Plan = {
  steps: [
    { name: 'one', ms: 50 },
    { name: 'two', ms: 50 },
  ],
};
const OUTAGE_MS = 3_000;

/** Redis holds hints only: it may lose all of them, or be away, at any time. */
describe('with a Redis that forgets, or is away', () => {
  let server: RedisServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(async () => {
    scene = await Scene.open('postgres+redis', { redis: server.url, worker: WORKER, spare: 2 });
  });

  afterEach(async () => {
    await scene.close();
  });

  async function flush(): Promise<void> {
    const connection = new Redis(server.url);
    await connection.flushall();
    connection.disconnect();
  }

  /** Everything is over and right, and no step was executed twice. */
  async function expectOnceEach(results: Map<string, readonly string[]>, steps: number): Promise<void> {
    expect(scene.workers.filter(({ exit }) => exit !== undefined)).toEqual([]);
    expect(scene.workers.filter(hasLostLease)).toEqual([]);
    expect(scene.ledger.begun('step')).toHaveLength(results.size * steps);
    expect(await scene.conclude({ accepted: [...results.keys()], results })).toEqual([]);
  }

  it('500 invocations complete, once each, though all of Redis is deleted three times among them', async () => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    const delays = Array.from({ length: 500 }, (_, number) => (number % 5 === 0 ? 500 + number * 5 : 0));
    const sent = Promise.all(delays.map(delay => client.send(PLAN, { delay })));
    for (const done of [50, 200, 350]) {
      await scene.witnessed(`${done} are completed`, lines => lines.filter(isEnd).length >= done);
      await flush();
    }
    const from = performance.now();
    const ids = await sent;
    const results = new Map<string, readonly string[]>();
    await Promise.all(ids.map(async id => results.set(id, await client.result(id))));
    console.log(`the rest was over ${Math.round(performance.now() - from)} ms after the last FLUSHALL`);
    await expectOnceEach(results, 2);
  });

  it.each([
    ['hangs', () => server.kill('SIGSTOP'), () => server.kill('SIGCONT')],
    ['is stopped', () => server.kill('SIGKILL'), () => server.restart()],
  ])('every send() succeeds and all complete while it %s for 3 s', async (_, fail, heal) => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    const load = new Load(client, () => PLAN, 10);
    await scene.witnessed('50 are completed', lines => lines.filter(isEnd).length >= 50);
    await fail();
    await sleep(OUTAGE_MS);
    const during = scene.ledger.lines().filter(isEnd).length;
    await heal();
    await scene.witnessed('more are completed', lines => lines.filter(isEnd).length >= during + 100);
    await load.stop();
    console.log(`${load.accepted.length} sends, the slowest took ${Math.round(load.slowestMs)} ms`);
    expect(during).toBeGreaterThan(50);
    await expectOnceEach(load.results, 2);
  });
});

function isEnd({ what, phase }: LedgerLine): boolean {
  return what === 'handler' && phase === 'end';
}
