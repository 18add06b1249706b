import { PGlite } from '@electric-sql/pglite';
import { DataSource, QueryFailedError } from 'typeorm';
import { pgliteDriver } from '../../lib/adapters/embedded/pglite-driver.js';
import { PlannedQueries } from '../../lib/adapters/typeorm/planned-queries.js';
import { createScratchDatabase } from '../support/scratch-database.js';

const ROWS = 50_000;
/** At the most, of statements that one plan serves. */
const PLAN_USES = 100;
const BY_ID = 'select n from item where id = any($1::int[])';

describe('statements that come again and again', () => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let queries: PlannedQueries;

  beforeEach(async () => {
    const scratch = await createScratchDatabase();
    drop = scratch.drop;
    // One connection: what one asks is what the other has left.
    dataSource = new DataSource({ type: 'postgres', url: scratch.url, extra: { max: 1 } });
    await dataSource.initialize();
    // Wide, as the true ones are: the planner takes an empty one for some pages of rows.
    await dataSource.query(`create table item (id int primary key, n int, a text, b text, c text, d text, e text,
      f text, g text, h text, i text, j text, k text, l text) with (autovacuum_enabled = false)`);
    queries = new PlannedQueries(dataSource, true);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await drop();
  });

  const kept = () =>
    dataSource.query<{ name: string; generic_plans: string }[]>(
      'select name, generic_plans from pg_prepared_statements order by name',
    );
  const ask = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) await queries.query(BY_ID, [[time]]);
  };
  const plan = async (): Promise<string> => {
    const [statement] = await kept();
    const lines = await dataSource.query<Record<string, string>[]>(
      `explain execute ${statement?.name ?? 'none'}('{1,2}')`,
    );
    return lines.map(line => line['QUERY PLAN']).join('\n');
  };

  test('are planned once for all values', async () => {
    await ask(7);
    expect(await kept()).toMatchObject([{ generic_plans: '7' }]);
  });

  test('leave no setting in a connection that others use', async () => {
    const setting = 'show plan_cache_mode';
    await new PlannedQueries(dataSource, false).query(BY_ID, [[1]]);
    expect(await dataSource.query(setting)).toEqual([{ plan_cache_mode: 'auto' }]);
    expect(await kept()).toHaveLength(1);
  });

  test('give the rows that are there when they are asked', async () => {
    expect(await queries.query(BY_ID, [[1]])).toEqual([]);
    await dataSource.query('insert into item (id, n) values (1, 10)');
    expect(await queries.query(BY_ID, [[1]])).toEqual([{ n: 10 }]);
  });

  test('a plan for a small table does not stay when the table has grown', async () => {
    await ask(1);
    await dataSource.query(`insert into item (id, n) select n, n from generate_series(1, ${ROWS}) n`);
    expect(await plan()).toContain('Seq Scan');
    await ask(PLAN_USES);
    expect(await plan()).not.toContain('Seq Scan');
  });

  test.each(['deallocate all', 'discard all', 'alter table item alter n type bigint'])(
    'go on when the server has lost their plans: %s',
    async lose => {
      await dataSource.query('insert into item (id, n) values (1, 10)');
      await ask(1);
      await dataSource.query(lose);
      expect(await queries.query('select 1 as one', [])).toEqual([{ one: 1 }]);
      expect(Number((await queries.query<{ n: unknown }>(BY_ID, [[1]]))[0]?.n)).toBe(10);
    },
  );

  test('that fail say what the server said, and not what they were given', async () => {
    const failed = await queries.query(BY_ID, ['{secret}']).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(QueryFailedError);
    expect(failed).toMatchObject({ driverError: { code: '22P02' } });
    expect(JSON.stringify({ ...(failed as QueryFailedError) })).not.toContain('secret');
    expect(await queries.query(BY_ID, [[1]])).toEqual([]);
  });

  test('of more texts than a server should keep plans for are planned each time', async () => {
    for (let text = 0; text < 300; text++) await queries.query(`select ${text} as n`, []);
    expect((await kept()).length).toBe(200);
  });
});

test('two connections of one session, as of an embedded database, ask the same', async () => {
  const db = await PGlite.create();
  const dataSources = [1, 2].map(() => new DataSource({ type: 'postgres', driver: pgliteDriver(db) }));
  try {
    for (const dataSource of dataSources) await dataSource.initialize();
    const queries = dataSources.map(dataSource => new PlannedQueries(dataSource, true));
    for (let round = 0; round < 3; round++)
      for (const one of queries)
        expect(await one.query('select $1::int as n', [round])).toEqual([{ n: round }]);
  } finally {
    for (const dataSource of dataSources) await dataSource.destroy();
    await db.close();
  }
});
