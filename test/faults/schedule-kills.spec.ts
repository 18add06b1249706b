import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import type { Plan } from '../apps/faults/protocol.js';
import { until } from '../support/until.js';
import { slotsOutOfTurn } from './support/order-checks.js';
import { PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(240_000);

const EVERY_MS = 200;
const PLAN: Plan = { steps: [{ name: 'one' }] };
const SETTINGS: readonly Setting[] = ['postgres', 'postgres+redis'];
const CASES = SETTINGS.flatMap(setting => ['before', 'after'].map(when => ({ setting, when })));

/** A worker dies at a slot: before or after the commit that starts it. Another one, or its successor, goes on. */
describe('S03 slots of a schedule', () => {
  const trial = new Trial('S03', 'at slots of schedules');
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.stop();
    trial.report();
  });

  it.each(CASES)(
    'on $setting, killed $when the commit: each is started once, none is left out',
    async each => {
      const scene = await Scene.open(each.setting, {
        redis: redis.url,
        worker: { sweepInterval: '50ms' },
        fleet: 3,
        trial,
      });
      try {
        const first = await scene.start();
        await first.arm(`fire:${each.when}`, 3);
        await first.ask({ do: 'schedule', name: 'often', everyMs: EVERY_MS, plan: PLAN });
        await until('it is killed', () => first.exit !== undefined, PATIENCE_MS);
        expect(first.exit).toMatchObject({ signal: 'SIGKILL' });

        const [second, third] = await Promise.all([scene.start(), scene.start()]);
        await third.arm(`fire:${each.when}`, 2);
        const ends = (): number => scene.ledger.ends().length;
        await until('the next one is killed', () => third.exit !== undefined, PATIENCE_MS);
        trial.count('commit points', 2);
        await flush(redis);
        trial.total('FLUSHALLs');
        const before = ends();
        await until('the last one goes on', () => ends() > before + 5, PATIENCE_MS);
        await second.ask({ do: 'unschedule', name: 'often' });

        const { invocations } = await scene.records();
        const ids = invocations.map(({ id }) => id);
        const results = new Map<string, readonly string[]>();
        for (const id of ids) results.set(id, await second.result(id));
        const rows = await scene.database.query<{ input: string }>(`select input from durable.invocation`);
        const slots = rows
          .map(({ input }) => Number(/"scheduledFor":(\d+)/.exec(input)?.[1]))
          .sort((a, b) => a - b);
        trial.total('doubled or missed slots', slotsOutOfTurn(slots, EVERY_MS).length);
        expect(slotsOutOfTurn(slots, EVERY_MS)).toEqual([]);
        expect(slots.length).toBeGreaterThan(8);
        expect(await scene.conclude({ accepted: ids, results })).toEqual([]);
      } finally {
        await scene.close();
      }
    },
  );
});

async function flush(redis: RedisServer): Promise<void> {
  const connection = new Redis(redis.url);
  await connection.flushall();
  connection.disconnect();
}
