import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import {
  DurableContext,
  DurableService,
  Handler,
  type InvocationHandle,
  ObjectState,
  Step,
  VirtualObject,
} from '../../lib/index.js';
import { form } from '../support/form.js';
import { NO_PGBOUNCER, PooledServers } from '../support/pooled-servers.js';
import { Booking, type SharedApplication, SharedStage } from '../support/shared-stage.js';
import { until } from '../support/until.js';

/** Fewer connections to the database than one application would have, and two applications. */
const POOL = 3;
const ORDERS = form(1_000, 100);
/** Orders while a node is down, and after. */
const MORE = form(100, 20);
const ACCOUNTS = 20;

@VirtualObject()
class Accounts {
  constructor(private readonly state: ObjectState<{ total: number }>) {}

  @Handler()
  async add(amount: number): Promise<number> {
    return this.state.update('total', (total = 0) => total + amount);
  }
}

@Injectable()
class Bookings {
  constructor(private readonly dataSource: DataSource) {}

  @Step()
  async price(order: number): Promise<number> {
    return order * 3;
  }

  @Step({ transaction: true })
  async book(order: number): Promise<void> {
    await this.dataSource.getRepository(Booking).save({ what: `order ${order}` });
  }
}

@DurableService()
class Orders {
  constructor(
    private readonly durable: DurableContext,
    private readonly bookings: Bookings,
  ) {}

  @Handler()
  async order(order: number): Promise<number> {
    const price = await this.bookings.price(order);
    if (order % 2 === 0) await this.durable.sleep(1 + (order % 50));
    if (order % 10 === 0) await this.durable.signal('paid');
    await this.bookings.book(order);
    await this.durable.call(Accounts, { key: `${order % ACCOUNTS}` }).add(price);
    return price;
  }
}

/**
 * What a session may keep beyond a transaction; each row is one finding. Left out: what PgBouncer itself sets, and what
 * PostgreSQL sets anew for each transaction.
 */
const SESSION_STATE = `
  select 'setting ' || name as found from pg_settings where source = 'session' and name not in
    ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings',
     'transaction_isolation', 'transaction_read_only', 'transaction_deferrable')
  union all select 'prepared ' || name from pg_prepared_statements
  union all select 'cursor ' || name from pg_cursors
  union all select 'listens ' || pg_listening_channels()
  union all select 'advisory lock of ' || pid from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())
  union all select 'temporary tables' where pg_my_temp_schema() <> 0`;

const POOLERS = NO_PGBOUNCER === undefined ? ['PgBouncer'] : [];

describe.each(POOLERS)('S13 through a pooler of transactions, on a Redis Cluster: %s', () => {
  let servers: PooledServers;
  let stage: SharedStage;
  let apps: SharedApplication[];

  beforeAll(async () => {
    servers = await PooledServers.start(POOL);
    stage = await SharedStage.open('PostgreSQL', servers.pooler.url);
    await query('create table booking (id serial primary key, what text not null)');
    const providers = [Orders, Accounts, Bookings];
    // At once: both find a database without tables.
    apps = await Promise.all(
      [1, 2].map(() =>
        stage.start({ providers, durable: { redis: servers.redis }, typeorm: { synchronize: false } }),
      ),
    );
  }, 120_000);
  afterAll(async () => {
    await stage.close();
    await servers.stop();
  });

  /** On a connection of the pool, as any other client. */
  async function query<R extends pg.QueryResultRow>(text: string): Promise<R[]> {
    const client = new pg.Client(stage.url);
    await client.connect();
    const { rows } = await client.query<R>(text);
    await client.end();
    return rows;
  }

  async function order(from: number, count: number): Promise<number[]> {
    const send = async (n: number): Promise<InvocationHandle<number>> => {
      const { client } = apps[n % 2] as SharedApplication;
      const handle = await client.send(Orders, { idempotencyKey: `order ${n}` }).order(n);
      // By the other one, so that it has to be told of it.
      if (n % 10 === 0) await apps[(n + 1) % 2]!.client.signal(handle.id, 'paid', n);
      return handle;
    };
    const handles = await Promise.all(Array.from({ length: count }, (_, n) => send(from + n)));
    return Promise.all(handles.map(handle => handle.result()));
  }

  const bookedTwice = (): Promise<unknown[]> =>
    query('select what from booking group by what having count(*) > 1');

  test(`${ORDERS} invocations with steps, sleeps, signals, objects and transactions end as they should`, async () => {
    const results = await order(0, ORDERS);
    expect(results).toEqual(Array.from({ length: ORDERS }, (_, n) => n * 3));
    expect(await query('select count(*)::int as n from booking')).toEqual([{ n: ORDERS }]);
    expect(await bookedTwice()).toEqual([]);
    const totals = await Promise.all(
      Array.from({ length: ACCOUNTS }, (_, key) => apps[0]!.client.call(Accounts, { key: `${key}` }).add(0)),
    );
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe((3 * ORDERS * (ORDERS - 1)) / 2);
  }, 300_000);

  test('no connection of the pool keeps anything of a session', async () => {
    const clients = Array.from({ length: POOL }, () => new pg.Client(stage.url));
    try {
      await Promise.all(clients.map(client => client.connect()));
      // An open transaction keeps its connection: together they have all of them.
      await Promise.all(clients.map(client => client.query('begin')));
      const found = await Promise.all(
        clients.map(async client => {
          const { rows } = await client.query<{ found: string }>(SESSION_STATE);
          return rows.map(row => row.found);
        }),
      );
      expect(found).toEqual([[], [], []]);
    } finally {
      await Promise.all(clients.map(client => client.end()));
    }
  });

  test('a master of the Cluster that dies stops nothing, and is used again once it is back', async () => {
    const [node] = servers.cluster.nodes;
    await node!.kill();
    const healthy = (): boolean => apps.every(({ backend }) => backend.transport.health().connected);
    await until('that is noticed', () => !healthy(), 20_000);
    expect(await order(ORDERS, MORE)).toHaveLength(MORE);
    await node!.restart();
    await until(
      'it is used again',
      async () => {
        await apps[0]!.client.call(Accounts, { key: 'again' }).add(1);
        return healthy();
      },
      30_000,
    );
    expect(await order(ORDERS + MORE, MORE)).toHaveLength(MORE);
    expect(await bookedTwice()).toEqual([]);
  }, 300_000);
});

// A file needs one test; `npm test` has said what is missing and how to install it.
if (NO_PGBOUNCER !== undefined) test.each([NO_PGBOUNCER])('is not run: %s', () => undefined);
