import type pg from 'pg';
import { v7 as uuid } from 'uuid';
import { statements } from '../../lib/adapters/typeorm/statements.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import type { Lease, NewInvocation, Promoted } from '../../lib/ports/store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { blocked, Scene } from './store/scene.js';

const t = tables();
const sql = statements(t);

/** A promotion is one statement: what has changed while it waited for the lock, it must not have missed. */
describe('a promotion that waits for another process at the lock of the object', () => {
  let database: TestDatabase;
  let s: Scene;
  let other: pg.Client;
  let object: string;
  let queued: string[];

  beforeAll(async () => {
    database = await openPostgres('durable', 3);
    s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
    other = await database.connect();
  }, 120_000);
  afterAll(() => database.close());

  /** An object that was freed while two wait for it. */
  beforeEach(async () => {
    object = uuid();
    const [first, ...rest] = [asked(), asked(), asked()] as [NewInvocation, ...NewInvocation[]];
    expect(await s.accept({ ...first, owner: s.worker }, ...rest)).toEqual(['ok', 'queued', 'queued']);
    queued = rest.map(({ id }) => id);
    const lease = { invocationId: first.id, epoch: 1 };
    const { news } = await s.commit({ transitions: [completed(lease)] });
    expect(news.freed).toEqual([object]);
    await other.query('begin');
    await other.query(sql.promoteLock, [[object]]);
  });
  afterEach(() => other.query('rollback'));

  const asked = (): NewInvocation => s.invocation({ object: { id: object, key: 'k' }, exclusive: true });
  const completed = (lease: Lease) => s.transition(lease, 'completed', { output: '1', holds: object });
  const take = async (worker: string): Promise<string[]> =>
    (await other.query<{ id: string }>(sql.promoteTake, [[object], worker])).rows.map(({ id }) => id);

  /** What the other process does while the promotion waits, and what the promotion then does. */
  const promoteBehind = async <T>(promote: () => Promise<T>, commit: () => Promise<unknown>): Promise<T> => {
    const late = promote();
    await blocked(database.dataSource);
    await commit();
    await other.query('commit');
    return late;
  };
  const statement = (): Promise<unknown[]> =>
    database.dataSource.query<unknown[]>(sql.promote, [[object], 'late']);
  const whole = (): Promise<Promoted> => s.store.promote([object], 'late');
  const holder = async (): Promise<string | null> => {
    const [row] = await database.dataSource.query<{ holder: string | null }[]>(
      `select holder from ${t.object} where id = $1`,
      [object],
    );
    return row!.holder;
  };

  test('gives the object to nobody else if it was given away', async () => {
    const late = await promoteBehind(statement, async () => expect(await take('other')).toEqual([queued[0]]));
    expect(late).toEqual([]);
    expect(await holder()).toBe(queued[0]);
  });

  test('leaves it to the second in line if the first is through already', async () => {
    const late = await promoteBehind(statement, async () => {
      expect(await take('other')).toEqual([queued[0]]);
      const { text, values } = sql.commit({
        ...{ accepts: [], entries: [], arrivals: [] },
        transitions: [completed({ invocationId: queued[0]!, epoch: 1 })],
      });
      await other.query(text, [...values]);
      expect(await take('other')).toEqual([queued[1]]);
    });
    expect(late).toEqual([]);
    expect(await holder()).toBe(queued[1]);
  });

  test('gives it to the first in line if more have come', async () => {
    const late = await promoteBehind(whole, async () => {
      const { text, values } = sql.commit({
        ...{ entries: [], transitions: [], arrivals: [] },
        accepts: [asked()],
      });
      await other.query(text, [...values]);
    });
    expect(late.claimed.map(({ lease }) => lease.invocationId)).toEqual([queued[0]]);
    expect(await holder()).toBe(queued[0]);
  });

  test('leaves nobody behind who was paused as the first in line, and is resumed meanwhile', async () => {
    await other.query('rollback');
    const [first] = queued as [string];
    await s.store.pause(first, '"paused"');
    await other.query('begin');
    await other.query(sql.controlLock, [first, false]);
    const late = await promoteBehind(whole, async () => {
      expect((await other.query(sql.controlResume, [first])).rows).toEqual([]);
    });
    expect(late.claimed.map(({ lease }) => lease.invocationId)).toEqual([first]);
    expect(await holder()).toBe(first);
  });
});
