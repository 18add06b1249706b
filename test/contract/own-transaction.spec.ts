import type { QueryRunner } from 'typeorm';
import { ownTransaction } from '../../lib/adapters/typeorm/own-transaction.js';
import { openPGlite, openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';

/** Transactions of the store of more than one statement. */
describe.each([
  ['PostgreSQL', () => openPostgres('durable', 1)],
  ['PGlite', () => openPGlite()],
] as const)('a transaction of the library on %s', (_, open) => {
  let database: Pick<TestDatabase, 'dataSource' | 'close'>;

  beforeAll(async () => {
    database = await open();
    // That of the one connection.
    await database.dataSource.query(`set default_transaction_isolation = 'serializable'`);
  }, 120_000);
  afterAll(() => database.close());

  const settings = `select current_setting('transaction_isolation') as isolation,
    current_setting('idle_in_transaction_session_timeout') as idle`;

  test('is READ COMMITTED and may not idle for long, at the cost of one round trip, whatever the default is', async () => {
    const { dataSource } = database;
    const asked: string[] = [];
    const createRunner = dataSource.createQueryRunner.bind(dataSource);
    dataSource.createQueryRunner = mode => {
      const runner = createRunner(mode);
      const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
      runner.query = ((text: string, ...rest: unknown[]) => {
        asked.push(text);
        return query(text, ...rest);
      }) as QueryRunner['query'];
      return runner;
    };
    const [seen] = await ownTransaction(dataSource, manager => manager.query<object[]>(settings));
    expect(seen).toEqual({ isolation: 'read committed', idle: '5s' });
    expect(asked).toEqual(['START TRANSACTION', expect.stringMatching(/^set /), settings, 'COMMIT']);
    const [after] = await dataSource.query<object[]>(settings);
    expect(after).toEqual({ isolation: 'serializable', idle: '0' });
  });
});
