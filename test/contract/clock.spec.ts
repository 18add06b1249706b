import { jest } from '@jest/globals';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { Scene } from './store/scene.js';

const DAY = 86_400_000;

/** On PostgreSQL only: PGlite lives in the process, and has its clock. */
describe('S19 one clock', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openPostgres();
  }, 120_000);
  afterAll(() => database.close());

  test("times are judged by the database's clock, never by that of the process", async () => {
    const s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
    await s.register(60_000);
    const lease = await s.running();
    const later = await s.scheduled({ delayMs: 60_000 });
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now + DAY);
    try {
      expect((await s.claim(later)).early).toMatchObject([{ id: later }]);
      expect(await s.claimDue()).toEqual([]);
      expect((await s.store.reap({ maxDeaths: 3, limit: 100 })).reaped).toEqual([]);
      expect(await s.write(s.entry(lease, 0, { dueInMs: 60_000 }))).toEqual(['ok']);
      expect((await s.journal(lease.invocationId))[0]!.dueIn).toBeGreaterThan(50_000);
      expect((await s.claim(await s.scheduled())).claimed).toHaveLength(1);
    } finally {
      clock.mockRestore();
    }
  });

  test('a clock of a test takes its place in every statement', async () => {
    await database.dataSource.query(`create table ahead (by interval not null)`);
    await database.dataSource.query(`insert into ahead values ('10 days')`);
    await database.dataSource.query(
      `create function clock() returns timestamptz stable language sql as 'select now() + by from ahead'`,
    );
    const advance = (by: string) => database.dataSource.query(`update ahead set by = by + $1`, [by]);
    const s = new Scene(new TypeOrmStore(database.dataSource, { poisonError, now: 'clock()' }));
    const reaped = async () =>
      (await s.store.reap({ maxDeaths: 3, limit: 100 })).reaped.filter(
        ({ service }) => service === s.service,
      );

    const later = await s.scheduled({ delayMs: 2 * DAY });
    await s.register(1.5 * DAY);
    const lease = await s.running();
    await s.write(s.entry(lease, 0, { dueInMs: 2 * DAY }));
    const left = async () => (await s.store.remaining([{ invocationId: lease.invocationId, index: 0 }]))[0]!;
    await advance('1 day');
    const hour = DAY / 24;
    expect(Math.abs((await left()) - DAY)).toBeLessThan(hour);
    const [early] = (await s.claim(later)).early;
    expect(Math.abs(early!.dueInMs - DAY)).toBeLessThan(hour);
    expect(Math.abs((await s.store.nextDue([s.service]))! - DAY)).toBeLessThan(hour);
    expect(Math.abs((await s.journal(lease.invocationId))[0]!.dueIn! - DAY)).toBeLessThan(hour);
    expect(await reaped()).toEqual([]);
    await advance('1 day');
    expect(await left()).toBe(0);
    expect(await reaped()).toMatchObject([{ id: lease.invocationId }]);
    expect(await s.claimDue(10, DAY)).toEqual([]);
    await advance('1 day');
    const due = await s.claimDue(10, DAY / 2);
    expect(due.map(claimed => claimed.lease.invocationId).sort()).toEqual([later, lease.invocationId].sort());
    await s.move(...due.map(claimed => s.transition(claimed.lease, 'completed')));
    const { createdAt, finishedAt } = await s.record(later);
    expect(finishedAt!.getTime() - createdAt.getTime()).toBeGreaterThan(2.9 * DAY);
    expect(await s.store.purge({ olderThanMs: DAY, limit: 10 })).toBe(0);
    await advance('2 days');
    expect(await s.store.purge({ olderThanMs: DAY, limit: 10 })).toBe(2);
  });

  test.each([
    ['24 days', 24 * DAY],
    ['25 days, which no timer of Node can be', 25 * DAY],
    ['100 days', 100 * DAY],
  ])('S19: what is due in %s is due then, and not before', async (_, ms) => {
    await database.dataSource.query(`create schema if not exists far`);
    await database.dataSource.query(`create table if not exists far.ahead (by double precision not null)`);
    await database.dataSource.query(`truncate far.ahead`);
    await database.dataSource.query(`insert into far.ahead values (0)`);
    await database.dataSource.query(
      `create or replace function far.clock() returns timestamptz stable language sql
       as $$ select now() + by * interval '1 millisecond' from far.ahead $$`,
    );
    const s = new Scene(new TypeOrmStore(database.dataSource, { poisonError, now: 'far.clock()' }));
    const lease = await s.running();
    const delayed = await s.scheduled({ delayMs: ms });
    const dated = await s.scheduled({ at: new Date(Date.now() + ms) });
    await s.write(s.entry(lease, 0, { kind: 'sleep', dueInMs: ms }));
    const left = async () => (await s.store.remaining([{ invocationId: lease.invocationId, index: 0 }]))[0]!;

    await database.dataSource.query(`update far.ahead set by = $1`, [ms - 60_000]);
    expect(await s.claimDue()).toEqual([]);
    expect((await s.claim(delayed, dated)).early).toHaveLength(2);
    expect(await left()).toBeGreaterThan(0);
    expect(await left()).toBeLessThanOrEqual(60_000);
    await database.dataSource.query(`update far.ahead set by = $1`, [ms + 60_000]);
    expect(await left()).toBe(0);
    expect((await s.claimDue()).map(claimed => claimed.lease.invocationId).sort()).toEqual(
      [delayed, dated].sort(),
    );
  });

  test('S19: the last day of the year 9999 is a time, and a later one is that day', async () => {
    const s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
    const last = new Date('9999-12-31T23:59:59.999Z');
    for (const at of [last, new Date(8.64e15)]) {
      const id = await s.scheduled({ at });
      expect((await s.claim(id)).early).toMatchObject([{ id }]);
      expect((await s.record(id)).dueAt).toEqual(last);
    }
  });
});
