import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { LedgerLine, Plan } from '../apps/faults/protocol.js';
import { Load } from './support/load.js';
import { Scene, type Setting } from './support/scene.js';

jest.setTimeout(240_000);

const SETTINGS: readonly Setting[] = ['postgres', 'postgres+redis'];
const WORKER: WorkerOptions = { lease: '6s', sweepInterval: '100ms', concurrency: 20 };
const PLAN: Plan = {
  steps: [
    { name: 'one', ms: 30 },
    { name: 'two', ms: 30 },
    { name: 'three', ms: 30 },
  ],
};

describe.each(SETTINGS)('on %s, under load', setting => {
  let server: PostgresServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startPostgres({ fsync: false });
    scene = await Scene.open(setting, { postgres: server.url, worker: WORKER, spare: 2 });
  });

  afterAll(async () => {
    await scene.close();
    await server.stop();
  });

  /** That many more are completed from now on. */
  async function progress(count: number): Promise<void> {
    const done = scene.ledger.lines().filter(isEnd).length;
    await scene.witnessed(`${count} more are completed`, lines => lines.filter(isEnd).length >= done + count);
  }

  it('no process dies, nothing is lost and nothing doubled when PostgreSQL crashes twice and ends all connections', async () => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    const load = new Load(client, () => PLAN, 10);
    await progress(50);

    await server.kill('SIGQUIT');
    await sleep(500);
    await server.restart();
    await progress(50);
    await server.kill('SIGKILL');
    await sleep(2_000);
    await server.restart();
    for (let round = 0; round < 3; round++) {
      await progress(50);
      await scene.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
    }
    await progress(50);
    await load.stop();

    console.log(`${load.accepted.length} sends, the slowest took ${Math.round(load.slowestMs)} ms`);
    expect(scene.workers.filter(({ exit }) => exit !== undefined)).toEqual([]);
    expect(await scene.conclude(load)).toEqual([]);
  });
});

function isEnd({ what, phase }: LedgerLine): boolean {
  return what === 'handler' && phase === 'end';
}
