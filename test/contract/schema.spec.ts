import { readFile, writeFile } from 'node:fs/promises';
import { MIGRATIONS } from '../../lib/adapters/typeorm/schema.js';
import { EntryEntity } from '../../lib/adapters/typeorm/entry.entity.js';
import { InvocationEntity } from '../../lib/adapters/typeorm/invocation.entity.js';
import { ScheduleEntity } from '../../lib/adapters/typeorm/schedule.entity.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { WorkerEntity } from '../../lib/adapters/typeorm/worker.entity.js';
import { openPGlite, openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { dumpSchema } from './dump-schema.js';
import { poisonError } from './store.contract.js';
import { Scene } from './store/scene.js';

const FILE = new URL('./schema.sql', import.meta.url);
const TABLES = [
  'invocation',
  'entry',
  'worker',
  'object',
  'state',
  'signal',
  'attachment',
  'deadline',
  'subscription',
  'schedule',
];

describe('the schema that the migrations make', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openPostgres();
  }, 120_000);
  afterAll(() => database.close());

  // After a new migration: DURABLE_WRITE_SCHEMA=1 npm run jest -- test/contract/schema.spec.ts, and review the diff.
  test('is the one in schema.sql', async () => {
    const dump = await dumpSchema(database.dataSource, TABLES);
    if (process.env['DURABLE_WRITE_SCHEMA']) await writeFile(FILE, dump);
    expect(dump).toBe(await readFile(FILE, 'utf8'));
  });

  test('is the same on PGlite', async () => {
    const pglite = await openPGlite();
    try {
      expect(await dumpSchema(pglite.dataSource, TABLES)).toBe(await readFile(FILE, 'utf8'));
    } finally {
      await pglite.close();
    }
  }, 120_000);

  test('has the columns that the entities name, so that people can query it', async () => {
    const { dataSource } = database;
    const s = new Scene(new TypeOrmStore(dataSource, { poisonError }));
    await s.register(60_000);
    const lease = await s.running();
    await s.write(s.delivered(lease, 0, { durationMs: 7 }));
    const { invocationId: id } = lease;
    const invocation = await dataSource.getRepository(InvocationEntity).findOneByOrFail({ id });
    expect(invocation).toMatchObject({ status: 'running', epoch: 1, owner: s.worker, settledAtDeath: 0 });
    expect(invocation.createdAt).toEqual((await s.record(id)).createdAt);
    const entries = await dataSource.getRepository(EntryEntity).findBy({ invocationId: id });
    expect(entries).toMatchObject([{ index: 0, kind: 'step', outcome: 'ok', seq: 0, durationMs: 7 }]);
    const worker = await dataSource.getRepository(WorkerEntity).findOneByOrFail({ id: s.worker });
    expect(worker).toMatchObject({ services: [s.service], pid: 1 });
  });

  test.each([InvocationEntity, EntryEntity, WorkerEntity, ScheduleEntity])(
    'has no column that its entity does not name, and none of another type',
    async entity => {
      const metadata = database.dataSource.getMetadata(entity);
      const columns = await database.dataSource.query<{ name: string; type: string; nullable: boolean }[]>(
        `select attname as name, format_type(atttypid, null) as type, not attnotnull as nullable
         from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum`,
        [metadata.tablePath],
      );
      const named = metadata.columns.map(column => ({
        name: column.databaseName,
        type: database.dataSource.driver.normalizeType(column) + (column.isArray ? '[]' : ''),
        nullable: column.isNullable,
      }));
      expect(named).toEqual(columns);
    },
  );

  test('is gone after the migrations were reverted', async () => {
    const { dataSource } = database;
    for (const Migration of MIGRATIONS) expect(new Migration().name).toBe(Migration.name);
    for (const _ of MIGRATIONS) await dataSource.undoLastMigration();
    expect(await dumpSchema(dataSource, TABLES)).toBe('\n');
  });
});
