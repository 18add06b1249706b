import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from '../../scripts/servers.mjs';
import type { Plan } from '../apps/faults/protocol.js';
import { Load } from './support/load.js';
import { Scene } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

/** No log, no error and no record may have this in it. */
const CANARY = 'canary';
const PASSWORD = `${CANARY}-right`;
const PLAN: Plan = { steps: [{ name: 'one', ms: 20 }, { name: 'two' }], failedAttempts: 1 };

/** Has every connection say its password. */
async function lock(server: PostgresServer): Promise<string> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`alter role postgres password '${PASSWORD}'`);
  writeFileSync(join(server.dataDir, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  await admin.query('select pg_reload_conf()');
  await admin.end();
  return withPassword(server.url, PASSWORD);
}

function withPassword(url: string, password: string): string {
  const changed = new URL(url);
  changed.password = password;
  return changed.href;
}

describe('S37 secrets', () => {
  const trial = new Trial('S37', 'passwords of both servers', 1);
  let postgres: PostgresServer;
  let redis: RedisServer;
  let scene: Scene;

  beforeAll(async () => {
    postgres = await startPostgres({ fsync: false });
    redis = await startRedis({ settings: { requirepass: PASSWORD } });
    scene = await Scene.open('postgres+redis', {
      postgres: await lock(postgres),
      redis: redis.url,
      spare: 2,
      trial,
    });
  });
  afterAll(async () => {
    await scene.close();
    await Promise.all([postgres.stop(), redis.stop()]);
    trial.report();
  });

  it('are in no log and in no record, whatever becomes of the servers', async () => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    const load = new Load(client, () => PLAN, 25);
    while (trial.goesOn()) {
      await scene.progress(20);
      await redis.restart();
      await scene.progress(20);
      await postgres.kill('SIGQUIT');
      await postgres.restart();
      trial.total('PostgreSQL restarts');
      trial.total('Redis outages');
    }
    await scene.progress(20);
    await load.stop();

    const wrong = [
      { postgres: withPassword(scene.postgres, `${CANARY}-wrong`) },
      { redis: withPassword(redis.url, `${CANARY}-wrong`) },
    ];
    const locked = await Promise.all(
      wrong.map(address => scene.start(address).catch((error: unknown) => error)),
    );
    expect(locked[0]).toBeInstanceOf(Error);

    const logs = scene.workers.map(({ log }) => log).join('\n');
    const { invocations, entries } = await scene.records();
    const records = JSON.stringify([invocations, entries]);
    trial.count('bytes of logs', logs.length);
    expect(logs).toMatch(/password/);
    expect([logs, records, String(locked[0])].filter(text => text.includes(CANARY))).toEqual([]);
  });
});
