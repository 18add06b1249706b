import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { commit } from '../../lib/adapters/typeorm/sql/commit.js';
import type { CommitRow } from '../../lib/adapters/typeorm/sql/commit.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { TypeOrmTransactions } from '../../lib/adapters/typeorm/typeorm-transactions.js';
import type { Batch, Lease } from '../../lib/ports/store.js';
import { form } from '../support/form.js';
import { Latch } from '../support/latch.js';
import { until } from '../support/until.js';
import { Trial } from '../faults/support/trial.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { blocked, PATIENCE_MS, Scene } from './store/scene.js';

// A reserved word: every statement has to quote it.
const SCHEMA = 'order';
const t = tables(SCHEMA);

/** The fence on PostgreSQL: two connections, of which one waits for the other at the row lock. */
describe('S04 a zombie and a take-over meet at the row lock', () => {
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
  }, 120_000);
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
    arrivals: [],
  });
  const run = async (client: pg.Client, change = (text: string) => text) => {
    const { text, values } = commit(t, batch());
    return (await client.query<CommitRow>(change(text), [...values])).rows[0]!;
  };

  test('a write that waited for a take-over sees the new epoch and writes nothing', async () => {
    await owner.query('begin');
    await owner.query(takeOver, [lease.invocationId]);
    const late = store.commit(batch());
    await blocked(database.dataSource);
    await owner.query('commit');
    expect(await late).toMatchObject({ accepts: [], entries: ['fenced'], transitions: ['fenced'] });
    expect(await entryCount(owner)).toBe(0);
    expect(await s.record(lease.invocationId)).toMatchObject({ status: 'running', epoch: 2, owner: 'new' });
  });

  test('a take-over waits for a write that has begun, and then sees it', async () => {
    await zombie.query('begin');
    expect(await run(zombie)).toMatchObject({ written: 'true', moved: 'true' });
    const after = owner.query(takeOver.replace('where', "where status = 'running' and"), [
      lease.invocationId,
    ]);
    await blocked(database.dataSource);
    await zombie.query('commit');
    expect((await after).rowCount).toBe(0);
    expect(await entryCount(owner)).toBe(1);
  });

  test('a write of entries alone holds the take-over back, too', async () => {
    await zombie.query('begin');
    const { text, values } = commit(t, { ...batch(), transitions: [] });
    await zombie.query(text, [...values]);
    const after = owner.query(takeOver, [lease.invocationId]).then(() => entryCount(owner));
    await blocked(database.dataSource);
    await zombie.query('commit');
    expect(await after).toBe(1);
  });

  test('a reap passes over what is being written, and takes it when the write is done', async () => {
    await zombie.query('begin');
    const { text, values } = commit(t, { ...batch(), transitions: [] });
    await zombie.query(text, [...values]);
    expect((await store.reap({ maxDeaths: 3, limit: 100 })).reaped).not.toContainEqual(
      expect.objectContaining({ id: lease.invocationId }),
    );
    await zombie.query('commit');
    expect((await store.reap({ maxDeaths: 3, limit: 100 })).reaped).toMatchObject([
      { id: lease.invocationId },
    ]);
    expect(await s.write(s.delivered(lease, 1))).toEqual(['fenced']);
  });

  /** Connections of a process that is stopped right after it has locked a row. */
  const stopping = (isStopped: Latch, goOn: Latch): DataSource => {
    const { dataSource } = database;
    const transaction = (run: (manager: EntityManager) => Promise<unknown>) =>
      dataSource.transaction(manager => {
        let locked = false;
        const query = async (text: string, values: unknown[]): Promise<unknown> => {
          if (locked) {
            isStopped.open();
            await goOn.wait();
          }
          locked ||= /for (no key )?update/.test(text);
          return manager.query(text, values);
        };
        return run(Object.create(manager, { query: { value: query } }) as EntityManager);
      });
    return Object.create(dataSource, { transaction: { value: transaction } }) as DataSource;
  };

  test.each<[string, (halting: DataSource) => Promise<unknown>]>([
    [
      'an order',
      halting => new TypeOrmStore(halting, { poisonError }).kill(lease.invocationId, () => '"killed"'),
    ],
    [
      'a question after a COMMIT',
      halting =>
        new TypeOrmTransactions(database.dataSource, { own: halting, escapes: undefined }).recorded(lease, 0),
    ],
  ])(
    'a process that is stopped with a row locked holds up its heir for seconds only: %s',
    async (_, ask) => {
      const [isStopped, goOn] = [new Latch(), new Latch()];
      const halted = ask(stopping(isStopped, goOn)).catch((error: unknown) => error);
      const reaped = () => store.reap({ maxDeaths: 3, limit: 100 });
      await isStopped.wait();
      expect((await reaped()).reaped).toEqual([]);
      await until('its heir has it', async () => (await reaped()).reaped.length === 1, 2 * PATIENCE_MS);
      goOn.open();
      expect(await halted).toBeInstanceOf(Error);
      expect(await s.record(lease.invocationId)).toMatchObject({ status: 'scheduled', epoch: 2 });
    },
    60_000,
  );

  /** Writes of every kind by which a zombie could be heard. */
  const WRITES: Readonly<Record<string, () => Batch>> = {
    'the result of a step': () => ({ ...batch(), transitions: [] }),
    'an outcome': () => ({ ...batch(), entries: [] }),
    'both in one': batch,
    'a suspension': () => ({ ...batch(), transitions: [s.transition(lease, 'suspended', { dueInMs: 5 })] }),
    'a release': () => ({ ...batch(), entries: [], transitions: [s.transition(lease, 'scheduled')] }),
  };

  /** A write that waits for a take-over: of it nothing may be left. Resolves to the milliseconds until it was refused. */
  const refused = async (write: Batch): Promise<number> => {
    await owner.query('begin');
    await owner.query(takeOver, [lease.invocationId]);
    const late = store.commit(write);
    await blocked(database.dataSource);
    const from = performance.now();
    await owner.query('commit');
    const { entries, transitions } = await late;
    expect(new Set([...entries, ...transitions])).toEqual(new Set(['fenced']));
    expect(await entryCount(owner)).toBe(0);
    return performance.now() - from;
  };

  /** A take-over that waits for a write: it sees all of it, and the zombie's next one is refused. */
  const seen = async (write: Batch): Promise<void> => {
    await zombie.query('begin');
    const { text, values } = commit(t, write);
    await zombie.query(text, [...values]);
    const after = owner.query(takeOver.replace('where', "where status = 'running' and"), [
      lease.invocationId,
    ]);
    await blocked(database.dataSource);
    await zombie.query('commit');
    expect((await after).rowCount).toBe(1 - write.transitions.length);
    expect(await entryCount(owner)).toBe(write.entries.length);
    expect(await s.write(s.delivered(lease, 1))).toEqual(['fenced']);
    expect(await entryCount(owner)).toBe(write.entries.length);
  };

  test(
    'whichever waits for the other: no row of an old epoch, and the loser is told that it is fenced',
    async () => {
      const trial = new Trial('S04', 'at the row lock');
      const kinds = Object.keys(WRITES);
      for (let round = 0; round < (Trial.isLong ? 1_000 : 20) || trial.goesOn(); round++) {
        lease = await s.running();
        const kind = kinds[trial.random.between(0, kinds.length - 1)] ?? 'both in one';
        const write = WRITES[kind]?.() ?? batch();
        trial.count(`races for ${kind}`);
        if (trial.random.next() < 0.5) trial.measure('refused after ms', await refused(write));
        else await seen(write);
      }
      trial.report();
    },
    Trial.timeoutMs,
  );

  /** Rounds of a race in which a new owner read less of the old epoch than was committed in the end. */
  const leaks = async (rounds: number) => {
    let leaked = 0;
    for (let round = 0; round < rounds; round++) {
      const { text, values } = commit(t, { ...batch(), transitions: [] });
      const write = async () => {
        if (round % 2) await setImmediate();
        await zombie.query('begin');
        await zombie.query(text, [...values]);
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

  const ROUNDS = form(1_000, 300);
  test(`${ROUNDS} take-overs, each while a write is under way, and not one row of an old epoch after it`, async () => {
    expect(await leaks(ROUNDS)).toBe(0);
  }, 60_000);

  test('which is the work of the row lock: without it the same statement leaks', async () => {
    const { text, values } = commit(t, { ...batch(), transitions: [] });
    const withoutLock = text.replace('for no key update', '');
    expect(withoutLock).not.toBe(text);
    await zombie.query('begin');
    await zombie.query(withoutLock, [...values]);
    // With the lock this would wait: see "holds the take-over back" above.
    await owner.query(takeOver, [lease.invocationId]);
    expect(await entryCount(owner)).toBe(0);
    await zombie.query('commit');
    expect(await entryCount(owner)).toBe(1);
  });

  test('a batch that the server refuses is not applied in any part', async () => {
    const accept = s.invocation();
    const refused = s.transition(lease, 'completed', { output: 'NUL \u0000' });
    const whole = {
      accepts: [accept],
      entries: [s.delivered(lease, 0)],
      transitions: [refused],
      arrivals: [],
    };
    await expect(store.commit(whole)).rejects.toMatchObject({ driverError: { code: '22021' } });
    expect(await store.find(accept.id)).toBeUndefined();
    expect(await entryCount(owner)).toBe(0);
    expect(await s.record(lease.invocationId)).toMatchObject({ status: 'running' });
  });

  test('nothing is left in the sessions but plans: no advisory lock, no open transaction', async () => {
    await store.commit(batch());
    await s.claim(await s.scheduled());
    await store.reap({ maxDeaths: 3, limit: 100 });
    const held = `select 1 from pg_locks where locktype = 'advisory'
      union all select 1 from pg_stat_activity where datname = current_database() and state like 'idle in%'`;
    expect(await database.dataSource.query(held)).toEqual([]);
  });
});
