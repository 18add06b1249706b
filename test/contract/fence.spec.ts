import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import { commit } from '../../lib/adapters/typeorm/sql/commit.js';
import type { CommitRow } from '../../lib/adapters/typeorm/sql/commit.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import type { Batch, Lease } from '../../lib/ports/store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { Scene, until } from './store/scene.js';

// A reserved word: every statement has to quote it.
const SCHEMA = 'order';
const t = tables(SCHEMA);

/** The fence on PostgreSQL: two connections, of which one waits for the other at the row lock. */
describe('a zombie and a take-over meet at the row lock', () => {
  let database: TestDatabase;
  let store: TypeOrmStore;
  let s: Scene;
  let lease: Lease;
  let zombie: pg.Client;
  let owner: pg.Client;

  beforeAll(async () => {
    database = await openPostgres(SCHEMA, 3);
    store = new TypeOrmStore(database.dataSource, { poisonError });
    [zombie, owner] = [await database.connect(), await database.connect()];
  }, 30_000);
  afterAll(() => database.close());
  beforeEach(async () => {
    s = new Scene(store);
    lease = await s.running();
  });
  afterEach(async () => {
    for (const client of [zombie, owner]) await client.query('rollback');
  });

  const takeOver = `update ${t.invocation} set epoch = epoch + 1, owner = 'new' where id = $1`;
  const countEntries = `select count(*)::int as count from ${t.entry} where invocation_id = $1`;
  const entryCount = async (client: pg.Client) =>
    (await client.query<{ count: number }>(countEntries, [lease.invocationId])).rows[0]!.count;
  const batch = (): Batch => ({
    accepts: [],
    entries: [s.delivered(lease, 0)],
    transitions: [s.transition(lease, 'completed', { output: '"zombie"' })],
  });
  const run = async (client: pg.Client, change = (text: string) => text) => {
    const { text, values } = commit(t, batch());
    return (await client.query<CommitRow>(change(text), [...values])).rows[0]!;
  };
  /** Waits until as many statements wait for a lock of this database. */
  const blocked = (count: number) =>
    until(async () => {
      const [row] = await database.dataSource.query<{ waiting: number }[]>(
        `select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return row!.waiting === count || undefined;
    });

  test('a write that waited for a take-over sees the new epoch and writes nothing', async () => {
    await owner.query('begin');
    await owner.query(takeOver, [lease.invocationId]);
    const late = store.commit(batch());
    await blocked(1);
    await owner.query('commit');
    expect(await late).toEqual({ accepts: [], entries: ['fenced'], transitions: ['fenced'] });
    expect(await entryCount(owner)).toBe(0);
    expect(await s.record(lease.invocationId)).toMatchObject({ status: 'running', epoch: 2, owner: 'new' });
  });

  test('a take-over waits for a write that has begun, and then sees it', async () => {
    await zombie.query('begin');
    expect(await run(zombie)).toMatchObject({
      written: expect.stringContaining(lease.invocationId) as unknown,
    });
    const after = owner.query(takeOver.replace('where', "where status = 'running' and"), [
      lease.invocationId,
    ]);
    await blocked(1);
    await zombie.query('commit');
    expect((await after).rowCount).toBe(0);
    expect(await entryCount(owner)).toBe(1);
  });

  test('a write of entries alone holds the take-over back, too', async () => {
    await zombie.query('begin');
    const { text, values } = commit(t, { ...batch(), transitions: [] });
    await zombie.query(text, [...values]);
    const after = owner.query(takeOver, [lease.invocationId]).then(() => entryCount(owner));
    await blocked(1);
    await zombie.query('commit');
    expect(await after).toBe(1);
  });

  test('a reap passes over what is being written, and takes it when the write is done', async () => {
    await zombie.query('begin');
    const { text, values } = commit(t, { ...batch(), transitions: [] });
    await zombie.query(text, [...values]);
    expect(await store.reap({ maxDeaths: 3, limit: 100 })).not.toContainEqual(
      expect.objectContaining({ id: lease.invocationId }),
    );
    await zombie.query('commit');
    expect(await store.reap({ maxDeaths: 3, limit: 100 })).toMatchObject([{ id: lease.invocationId }]);
    expect(await s.write(s.delivered(lease, 1))).toEqual(['fenced']);
  });

  /** Rounds of a race in which a new owner read less of the old epoch than was committed in the end. */
  const leaks = async (rounds: number, change = (text: string) => text) => {
    let leaked = 0;
    for (let round = 0; round < rounds; round++) {
      const { text, values } = commit(t, { ...batch(), transitions: [] });
      const write = async () => {
        if (round % 2) await setImmediate();
        await zombie.query('begin');
        await zombie.query(change(text), [...values]);
        await zombie.query('commit');
      };
      const read = async () => {
        if (round % 3) await setImmediate();
        await owner.query(takeOver, [lease.invocationId]);
        return entryCount(owner);
      };
      const [, seen] = await Promise.all([write(), read()]);
      if ((await entryCount(owner)) !== seen) leaked++;
      lease = await s.running();
    }
    return leaked;
  };

  test('1,000 take-overs, each while a write is under way, and not one row of an old epoch after it', async () => {
    expect(await leaks(1000)).toBe(0);
  }, 60_000);

  test('which is the work of the row lock: without it the same statement leaks', async () => {
    const withoutLock = (text: string) => text.replace('for no key update', '');
    expect(withoutLock(commit(t, batch()).text)).not.toBe(commit(t, batch()).text);
    expect(await leaks(200, withoutLock)).toBeGreaterThan(0);
  }, 60_000);

  test('a batch that the server refuses is not applied in any part', async () => {
    const accept = s.invocation();
    const refused = s.transition(lease, 'completed', { output: 'NUL \u0000' });
    const whole = { accepts: [accept], entries: [s.delivered(lease, 0)], transitions: [refused] };
    await expect(store.commit(whole)).rejects.toMatchObject({ driverError: { code: '22021' } });
    expect(await store.find(accept.id)).toBeUndefined();
    expect(await entryCount(owner)).toBe(0);
    expect(await s.record(lease.invocationId)).toMatchObject({ status: 'running' });
  });

  test('nothing is left in the sessions: no named statement, no advisory lock, no open transaction', async () => {
    await store.commit(batch());
    await s.claim(await s.scheduled());
    await store.reap({ maxDeaths: 3, limit: 100 });
    const named = await Promise.all(
      [1, 2, 3].map(() => database.dataSource.query<unknown[]>('select name from pg_prepared_statements')),
    );
    expect(named.flat()).toEqual([]);
    const held = `select 1 from pg_locks where locktype = 'advisory'
      union all select 1 from pg_stat_activity where datname = current_database() and state like 'idle in%'`;
    expect(await database.dataSource.query(held)).toEqual([]);
  });
});
