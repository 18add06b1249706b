import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { form } from '../support/form.js';
import { until } from '../support/until.js';
import { Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(Trial.timeoutMs + form(900_000, 0));

const SETTINGS: readonly Setting[] = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres']);
const DUE = form(20_000, 500);
const RETRIES = form(5_000, 100);
const WORKERS = 2;
/** Connections of a process at the most, by default. */
const POOL = 10;
const WORKER: WorkerOptions = { lease: '6s', concurrency: 50 };
const SENDERS = 64;
const DELAY_MS = 600_000;
/** For so long fresh work may take more time than it does when nothing waits. */
const SETTLING_MS = form(60_000, 0);
const FRESH_EVERY_MS = 50;
const PATIENCE_MS = form(400_000, 60_000);

const PLAN: Plan = { steps: [{ name: 'one', ms: 10 }] };
/** At once, and when it is tried again. */
const FAILS_TWICE: Plan = { ...PLAN, failedAttempts: 2 };

describe.each(SETTINGS)('S28 on %s, after an outage through which much became due', setting => {
  const trial = new Trial('S28', `on ${setting}`, 0);
  let server: PostgresServer;
  let scene: Scene;
  let client: WorkerProcess;

  beforeAll(async () => {
    server = await startPostgres({ fsync: false });
    scene = await Scene.open(setting, { postgres: server.url, worker: WORKER, fleet: WORKERS + 1, trial });
    client = await scene.start({ worker: false });
    await Promise.all(Array.from({ length: WORKERS }, () => scene.start()));
  });

  afterAll(async () => {
    await scene.close();
    await server.stop();
    trial.report();
  });

  async function count(condition: string): Promise<number> {
    const [row] = await scene.database.query<{ count: number }>(
      `select count(*)::int as count from durable.invocation where ${condition}`,
    );
    return row?.count ?? 0;
  }

  /** What waits for ten minutes when it resolves: delayed work, and work whose first attempt has failed. */
  async function accept(): Promise<string[]> {
    const plans = Array.from({ length: DUE + RETRIES }, (_, at) => (at < DUE ? PLAN : FAILS_TWICE));
    const ids: string[] = [];
    const sender = async (): Promise<void> => {
      for (let plan = plans.shift(); plan; plan = plans.shift())
        ids.push(await client.send(plan, { delay: plan === PLAN ? DELAY_MS : 0, patient: true }));
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    const haveFailed = async (): Promise<boolean> => (await count(`status = 'backing_off'`)) === RETRIES;
    await until('what fails has failed once', haveFailed, PATIENCE_MS);
    return ids;
  }

  /** What waits is due so much sooner, as if that time were over. */
  async function pass(ms: number): Promise<void> {
    await scene.database.query(
      `update durable.invocation set due_at = due_at - $1 * interval '1 millisecond' where due_at is not null`,
      [ms],
    );
  }

  /** Sends fresh work while `isOver` is not, and says how long each took. */
  async function fresh(
    isOver: () => Promise<boolean>,
    accepted: string[],
  ): Promise<Map<string, readonly string[]>> {
    const results = new Map<string, readonly string[]>();
    const since = performance.now();
    const done: Promise<void>[] = [];
    const one = async (): Promise<void> => {
      const at = performance.now();
      const id = await client.send(PLAN);
      accepted.push(id);
      results.set(id, await client.result(id));
      const when = at - since < SETTLING_MS ? 'fresh while it settles ms' : 'fresh ms';
      trial.measure(when, performance.now() - at);
    };
    while (!(await isOver())) {
      const sent = one();
      // Told at the end.
      sent.catch(() => undefined);
      done.push(sent);
      await sleep(FRESH_EVERY_MS);
    }
    await Promise.all(done);
    return results;
  }

  it('no process dies, connections stay within the pools, retries are spread, fresh work is served', async () => {
    trial.goesOn();
    const accepted = await accept();
    await pass(DELAY_MS);
    await server.kill('SIGKILL');
    await sleep(1_000);
    await server.restart();
    trial.total('PostgreSQL restarts');

    const from = performance.now();
    let most = 0;
    const isThrough = async (): Promise<boolean> => {
      most = Math.max(most, await connections());
      const left = await count(`status in ('scheduled', 'running') or failed_attempts = 1`);
      return left < 50 && performance.now() - from > 2 * SETTLING_MS;
    };
    const results = await fresh(isThrough, accepted);
    await until(
      'all of them have failed twice',
      async () => (await count('failed_attempts = 2')) === RETRIES,
      PATIENCE_MS,
    );
    const share = await busiestSecond();
    await pass(2 * DELAY_MS);
    await until('all is over', async () => (await count('finished_at is null')) === 0, PATIENCE_MS);

    trial.count('due', DUE);
    trial.count('retries', RETRIES);
    trial.count('connections at the most', most);
    trial.measure('% of retries that are due in the busiest second', share * 100);
    expect(scene.workers.filter(({ exit }) => exit !== undefined)).toEqual([]);
    expect(most).toBeLessThanOrEqual(scene.workers.length * POOL);
    expect(share).toBeLessThanOrEqual(0.1);
    if (Trial.isLong)
      expect(trial.samples('fresh ms').at(-Math.ceil(trial.samples('fresh ms').length / 100))).toBeLessThan(
        5_000,
      );
    expect(await scene.conclude({ accepted, results })).toEqual([]);
  });

  async function connections(): Promise<number> {
    const [row] = await scene.database.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and application_name = 'nestjs-durable'`,
    );
    return row?.count ?? 0;
  }

  /** Which share of the retries to come is due within one second. */
  async function busiestSecond(): Promise<number> {
    const [row] = await scene.database.query<{ most: number }>(
      `select coalesce(max(count), 0)::int as most from (
        select count(*) from durable.invocation where status = 'backing_off' group by date_trunc('second', due_at)) seconds`,
    );
    return (row?.most ?? RETRIES) / RETRIES;
  }
});
