import { jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { hints } from '../contract/transport.contract.js';
import { RecordingIntake } from '../support/recording-intake.js';
import { callsOf } from '../support/redis-stats.js';
import { RedisTransports } from '../support/redis-transports.js';
import { until } from '../support/until.js';
import { consumersOf } from './support/residue.js';
import { PATIENCE_MS, Scene } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const GROUP = 'workers';
/** Nobody but the test takes anything from Redis away. */
const WORKER: WorkerOptions = { lease: '30s', sweepInterval: '200ms', concurrency: 40 };
const WORKERS = 2;
const PLAN: Plan = { steps: [{ name: 'one' }] };
const DEAD = 4;
const AT_ONCE = Trial.isLong ? 1_000 : 150;
const PENDING = Trial.isLong ? 12_000 : 250;
/** For how long commands are counted, and how many an idle worker may send in it: two a second, and its chores. */
const IDLE_MS = 3_000;
const IDLE_COMMANDS = 5 * (IDLE_MS / 1_000);
/** What an idle worker sends; commands within scripts are Redis's own. */
const SENT = ['evalsha', 'eval', 'xreadgroup', 'ping', 'xinfo', 'publish'];

describe('S08 with ready streams that are trimmed, and whose readers die', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(async () => {
    await server.stop();
  });

  /** Reads all that is announced, as workers would that then die. */
  async function readAndDie(redis: Redis, stream: string): Promise<number> {
    await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM').catch(() => undefined);
    const share = Math.ceil((await redis.xlen(stream)) / DEAD);
    for (let reader = 0; reader < DEAD; reader++)
      await redis.xreadgroup('GROUP', GROUP, `dead ${reader}`, 'COUNT', share, 'STREAMS', stream, '>');
    return Number((await redis.xpending(stream, GROUP))[0]);
  }

  /** Of what is pending, a part is trimmed, a part deleted, and a part had by a consumer that is deleted. */
  async function destroy(redis: Redis, stream: string, trial: Trial): Promise<void> {
    const length = await redis.xlen(stream);
    const kept = Math.floor(length * 0.7);
    trial.count('entries trimmed while pending', await redis.xtrim(stream, 'MAXLEN', kept));
    const some = (await redis.xrange(stream, '-', '+', 'COUNT', Math.floor(length * 0.2))).map(
      ([entry]) => entry,
    );
    trial.count('entries deleted while pending', await redis.xdel(stream, ...some));
    trial.count(
      'entries of deleted consumers',
      Number(await redis.xgroup('DELCONSUMER', stream, GROUP, 'dead 3')),
    );
  }

  /** The commands that each worker sends while there is nothing to do. */
  async function idleCommands(redis: Redis): Promise<number> {
    await redis.config('RESETSTAT');
    await new Promise(resolve => setTimeout(resolve, IDLE_MS));
    const calls = await callsOf(redis);
    return SENT.reduce((sum, name) => sum + (calls.get(name) ?? 0), 0) / WORKERS;
  }

  it('all complete by the sweep, and idle workers send next to nothing', async () => {
    const trial = new Trial('S08', 'on postgres+redis');
    const scene = await Scene.open('postgres+redis', { redis: server.url, worker: WORKER, spare: 2, trial });
    const results = new Map<string, readonly string[]>();
    try {
      const redis = scene.redis!.connect();
      const stream = scene.redis!.streamOf('Plans');
      const client = await scene.start({ worker: false });
      for (let round = 0; round === 0 || trial.goesOn(); round++) {
        const ids = await Promise.all(Array.from({ length: AT_ONCE }, () => client.send(PLAN)));
        await scene.until('all are announced', async () => (await redis.xlen(stream)) === AT_ONCE);
        trial.count('entries pending for the dead', await readAndDie(redis, stream));
        await destroy(redis, stream, trial);
        const workers = await Promise.all(Array.from({ length: WORKERS }, () => scene.start()));
        const from = performance.now();
        await Promise.all(ids.map(async id => results.set(id, await client.result(id))));
        trial.measure('completed after ms', performance.now() - from);
        if (Trial.isLong) {
          const rescued = async () => Number((await redis.xpending(stream, GROUP))[0]) === 0;
          await scene.until('nothing is pending', rescued);
        }
        const commands = await idleCommands(redis);
        trial.measure('commands of an idle worker', commands);
        expect(commands).toBeLessThanOrEqual(IDLE_COMMANDS);
        expect(scene.workers.map(({ log }) => log).join('')).not.toContain('ERROR');
        for (const worker of workers) await worker.shutDown();
        for (let reader = 0; reader < DEAD; reader++)
          await redis.xgroup('DELCONSUMER', stream, GROUP, `dead ${reader}`);
        expect(await consumersOf(redis, stream)).toEqual([]);
        // What the deleted consumer had stays for ever: nobody is given it, and only the stream's length ends it.
        trial.count('entries that nobody is given', await redis.xtrim(stream, 'MAXLEN', 0));
      }
      expect(scene.ledger.begun('step')).toHaveLength(results.size);
      expect(await scene.conclude({ accepted: [...results.keys()], results })).toEqual([]);
    } finally {
      await scene.close();
      trial.report();
    }
  });

  it(`of ${PENDING} entries that the dead had, those that are left go to another worker, whole and never empty`, async () => {
    const trial = new Trial('S08', 'claims of what is pending');
    const transports = new RedisTransports(server.url);
    const redis = transports.connect();
    const stream = transports.streamOf('Orders');
    const announced = hints(PENDING);
    await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM');
    for (const { id } of announced) void redis.xadd(stream, '*', 'id', id);
    await redis.xreadgroup('GROUP', GROUP, 'dead', 'COUNT', PENDING, 'STREAMS', stream, '>');
    const deleted = (await redis.xrange(stream, '-', '+', 'COUNT', 10)).map(([entry]) => entry);
    await redis.xdel(stream, ...deleted);
    const intake = new RecordingIntake(['Orders'], 30);
    await intake.on(await transports.open({ timing: { rescueMs: 800 } }));
    const left = announced.slice(10).map(({ id }) => id);
    await until(
      'all ids that are left were handed over',
      () => intake.ids.length >= left.length,
      PATIENCE_MS,
    );
    const nothing = async () => Number((await redis.xpending(stream, GROUP))[0]) === 0;
    await until('nothing is pending', nothing, PATIENCE_MS);
    expect(new Set(intake.ids)).toEqual(new Set(left));
    expect(intake.excess).toBe(0);
    expect(await redis.xlen(stream)).toBe(0);
    trial.count('entries claimed', intake.ids.length);
    trial.report();
    await transports.clean();
  });
});
