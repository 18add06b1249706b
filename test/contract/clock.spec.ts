import { jest } from '@jest/globals';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { Scene } from './store/scene.js';

const DAY = 86_400_000;

/** On PostgreSQL only: PGlite lives in the process, and has its clock. */
describe('one clock', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openPostgres();
  }, 30_000);
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
      expect(await s.store.reap({ maxDeaths: 3, limit: 100 })).toEqual([]);
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
      (await s.store.reap({ maxDeaths: 3, limit: 100 })).filter(({ service }) => service === s.service);

    const later = await s.scheduled({ delayMs: 2 * DAY });
    await s.register(1.5 * DAY);
    const lease = await s.running();
    await s.write(s.entry(lease, 0, { dueInMs: 2 * DAY }));
    await advance('1 day');
    const hour = DAY / 24;
    const [early] = (await s.claim(later)).early;
    expect(Math.abs(early!.dueInMs - DAY)).toBeLessThan(hour);
    expect(Math.abs((await s.store.nextDue([s.service]))! - DAY)).toBeLessThan(hour);
    expect(Math.abs((await s.journal(lease.invocationId))[0]!.dueIn! - DAY)).toBeLessThan(hour);
    expect(await reaped()).toEqual([]);
    await advance('1 day');
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
});
