import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import type { Plan } from '../apps/faults/protocol.js';
import { form } from '../support/form.js';
import { Load } from './support/load.js';
import { Scene } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const PLAN: Plan = { steps: [{ name: 'one' }] };
const EVERY_MS = form(3, 20);
const READERS = 3;
/** How long each reads; the next one begins after a third of it, so that the horizon hardly moves. */
const READS_MS = form(120_000, 3_000);

/** A report, a dump: rows that die while it is open cannot be removed. */
class Reader {
  private client: pg.Client | undefined;

  constructor(private readonly url: string) {}

  async begin(): Promise<void> {
    await this.end();
    this.client = new pg.Client({ connectionString: this.url });
    await this.client.connect();
    await this.client.query('begin isolation level repeatable read');
    await this.client.query('select count(*) from durable.invocation');
  }

  async end(): Promise<void> {
    await this.client?.end();
    this.client = undefined;
  }
}

describe('S27 workers beside transactions that stay open', () => {
  const trial = new Trial('S27', 'three overlapping readers', 3_000);
  let scene: Scene;
  let readers: Reader[];

  beforeAll(async () => {
    // Without a server that announces it, all work is found by looking for what is due.
    scene = await Scene.open('postgres', {
      worker: { concurrency: 50, sweepInterval: '100ms' },
      fleet: 3,
      trial,
    });
    readers = Array.from({ length: READERS }, () => new Reader(scene.postgres));
  });

  afterAll(async () => {
    await Promise.all(readers.map(reader => reader.end()));
    await scene.close();
    trial.report();
  });

  async function deadRows(): Promise<number> {
    const [row] = await scene.database.query<{ dead: number }>(
      `select n_dead_tup::int as dead from pg_stat_user_tables where relid = 'durable.invocation'::regclass`,
    );
    return row?.dead ?? 0;
  }

  it('claim as they did before, and dead rows go once the readers are through', async () => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    await readers[0]?.begin();
    const sentAt = new Map<string, number>();
    const load = new Load(
      client,
      () => PLAN,
      EVERY_MS,
      async id => void sentAt.set(id, Date.now()),
    );
    for (let turn = 1; trial.goesOn(); turn++) {
      await sleep(READS_MS / READERS);
      await readers[turn % READERS]?.begin();
    }
    const begunBefore = scene.ledger.begun('step').length;
    trial.count('backlog when the last was sent', Math.max(0, load.accepted.length - begunBefore));
    await load.stop();
    await scene.witnessed('all is done', () => scene.ledger.begun('step').length >= load.accepted.length);

    const starts = scene.ledger.begun('step').map(({ id, at }) => at - (sentAt.get(id ?? '') ?? at));
    const last = Math.floor(starts.length / 5);
    trial.measure('from send to step, the first of five, ms', ...starts.slice(0, last));
    trial.measure('from send to step, the last of five, ms', ...starts.slice(-last));
    await scene.database.query('vacuum durable.invocation');
    const pinned = await deadRows();
    await Promise.all(readers.map(reader => reader.end()));
    await scene.database.query('vacuum durable.invocation');
    const left = await deadRows();
    trial.count('dead rows while they read', pinned);
    trial.count('dead rows afterwards', left);
    expect(pinned).toBeGreaterThan(load.accepted.length / 2);
    expect(left).toBeLessThan(pinned / 2);
    expect(await scene.conclude(load)).toEqual([]);
  });
});
