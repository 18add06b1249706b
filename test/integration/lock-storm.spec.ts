import { jest } from '@jest/globals';
import { startPostgres, type PostgresServer } from '../../scripts/servers.mjs';
import {
  type DurableClient,
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  VirtualObject,
} from '../../lib/index.js';
import { Trial } from '../faults/support/trial.js';
import { form } from '../support/form.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { type SharedApplication, SharedStage } from '../support/shared-stage.js';
import { until } from '../support/until.js';

jest.setTimeout(Trial.timeoutMs);

const CLIENTS = 16;
/** Few, so that all of them are at the same rows all the time. */
const KEYS = 6;
const ROUNDS = form(300, 60);
const PATIENCE_MS = 120_000;

@DurableService()
class Storm {
  constructor(private readonly durable: DurableContext) {}

  /** Waits for a signal, calls an object, sends to another, and leaves a deadline behind. */
  @Handler({ retry: { maxAttempts: 2, initialDelay: 1, jitter: false } })
  async run(place: number): Promise<number> {
    const value = await this.durable.signal<number>('go');
    const [own, child] = await Promise.all([
      this.durable.call(Cells, { key: `${place % KEYS}` }).add(value),
      this.durable.call(Storm).child(value),
    ]);
    await this.durable.send(Cells, { key: `${(place + 1) % KEYS}` }).add(own);
    if (value % 3 === 0 && this.durable.attempt === 1) throw new Error('the first attempt fails');
    return child;
  }

  @Handler()
  async child(value: number): Promise<number> {
    return this.durable.run('child', () => value);
  }
}

@VirtualObject()
class Cells {
  constructor(private readonly state: ObjectState<{ sum: number }>) {}

  @Handler()
  async add(value: number): Promise<number> {
    return this.state.update('sum', (sum = 0) => sum + (value % 2));
  }
}

/** What an order may meet that others have changed meanwhile. */
const MEETINGS: ReadonlySet<string | undefined> = new Set([
  'DURABLE_INVOCATION_OVER',
  'DURABLE_INVOCATION_NOT_OVER',
  'DURABLE_INVOCATION_NOT_FAILED',
  'DURABLE_INVOCATION_NOT_FOUND',
  'DURABLE_INVOCATION_NOT_PAUSED',
]);

type Order = (application: SharedApplication, id: string) => Promise<unknown>;

const ORDERS: readonly (readonly [name: string, order: Order])[] = [
  ['signal', ({ client }, id) => client.signal(id, 'go', 1)],
  ['signal', ({ client }, id) => client.signal(id, 'go', 3)],
  ['cancel', ({ client }, id) => client.cancel(id)],
  ['kill', ({ client }, id) => client.kill(id)],
  ['pause', ({ client }, id) => client.pause(id)],
  ['resume', ({ client }, id) => client.resume(id)],
  ['retry', ({ client }, id) => client.retry(id)],
  ['restart', ({ client }, id) => client.restart(id)],
  ['purge', ({ backend }) => backend.store.purge({ olderThanMs: 0, limit: 100 })],
  [
    'reclaim',
    async ({ backend, dataSource }) => {
      await dataSource.query(`update durable.worker set lease_until = now() - interval '1 second'`);
      await backend.store.reap({ maxDeaths: 1_000, limit: 100 });
    },
  ],
];

describe('S12 sixteen clients that order everything of the same few invocations', () => {
  const trial = new Trial('S12', 'all orders at once', 4_000);
  const logger = new RecordingLogger();
  let server: PostgresServer;
  let stage: SharedStage;
  let applications: SharedApplication[];

  beforeAll(async () => {
    server = await startPostgres({ fsync: false, settings: { deadlock_timeout: '100ms' } });
    stage = await SharedStage.open('PostgreSQL', server.url);
    applications = [];
    for (const residency of [0, '5s'] as const)
      applications.push(
        await stage.start({
          providers: [Storm, Cells],
          logger: Object.assign(logger, { debug: () => undefined, verbose: () => undefined }),
          durable: { worker: { residency, maxDeaths: 1_000, sweepInterval: 50, concurrency: 20 } },
          typeorm: { poolSize: 12 },
        }),
      );
  });

  afterAll(async () => {
    await stage.close();
    await server.stop();
    trial.report();
  });

  it('are never refused for an idempotency key whose invocation is being deleted', async () => {
    const [one, other] = applications as [SharedApplication, SharedApplication];
    const send = ({ client }: SharedApplication) => client.send(Storm, { idempotencyKey: 'again' }).child(1);
    const purge = () => one.backend.store.purge({ olderThanMs: 0, limit: 100 });
    for (let round = 0; round < ROUNDS; round++) {
      const { result } = await send(one);
      await result();
      const sent = [send(other), purge(), send(one), purge(), send(other)];
      await Promise.all(sent);
      await until(
        'it is deleted',
        async () => (await purge()) > 0 || (await one.client.list()).items.length === 0,
      );
    }
  });

  it('get what they asked for or what came before, and never a deadlock', async () => {
    const { random } = trial;
    const accepted: string[] = [];
    const surprises: unknown[] = [];
    let round = 0;
    const accept = async (client: DurableClient): Promise<string> => {
      // The same key by several of them: one insert, and others that meet it.
      const place = Math.floor(round++ / CLIENTS) * KEYS + random.between(0, KEYS - 1);
      const { id } = await client.send(Storm, { idempotencyKey: `${place}`, deadline: '60s' }).run(place);
      accepted.push(id);
      return id;
    };
    const one = async (at: number): Promise<void> => {
      const application = applications[at % applications.length] as SharedApplication;
      while (trial.goesOn()) {
        await accept(application.client);
        const [name, order] = ORDERS[random.between(0, ORDERS.length - 1)]!;
        const id =
          accepted[accepted.length - 1 - random.between(0, Math.min(accepted.length, 3 * KEYS) - 1)]!;
        await order(application, id).then(
          () => trial.count(name),
          (error: { code?: string }) => {
            trial.count('met another');
            if (!MEETINGS.has(error.code)) surprises.push(error);
          },
        );
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, at) => one(at)));
    trial.total('invocations accepted', new Set(accepted).size);
    expect(surprises).toEqual([]);

    const [{ client, backend, dataSource }] = applications as [SharedApplication];
    await until('all is over', () => isOver(client), PATIENCE_MS);
    const query = <T>(text: string): Promise<T[]> => dataSource.query<T[]>(text);
    await until(
      'all that is over is deleted',
      async () => {
        // Again: what went from one status to another between two looks was in neither of them.
        await isOver(client);
        await backend.store.purge({ olderThanMs: 0, limit: 1_000 });
        const [row] = await query<{ count: number }>('select count(*)::int as count from durable.invocation');
        return row?.count === 0;
      },
      PATIENCE_MS,
    );
    for (const table of ['entry', 'signal', 'attachment', 'deadline', 'object'])
      expect([table, await query(`select * from durable.${table} limit 3`)]).toEqual([table, []]);
    const [{ deadlocks }] = (await query<{ deadlocks: number }>(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    )) as [{ deadlocks: number }];
    trial.count('deadlocks', deadlocks);
    expect(logger.lines.filter(line => /deadlock|40P01/.test(line))).toEqual([]);
    expect(deadlocks).toBe(0);
  });
});

function expectMeeting(error: { code?: string }): void {
  if (!MEETINGS.has(error.code)) throw error as Error;
}

/** Ends what still waits, or is paused. */
async function isOver(client: DurableClient): Promise<boolean> {
  for (const status of ['paused', 'scheduled', 'suspended', 'running', 'backing_off'] as const) {
    const { items } = await client.list({ status, limit: 1_000 });
    if (items.length === 0) continue;
    const waiting = items.filter(({ handler }) => handler === 'run');
    await Promise.all(waiting.map(({ id }) => client.kill(id).catch(expectMeeting)));
    return false;
  }
  return true;
}
