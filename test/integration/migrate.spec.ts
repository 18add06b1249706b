import { jest } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { openEmbeddedDatabase } from '../../lib/adapters/embedded/embedded-database.js';
import type { EmbeddedDatabase } from '../../lib/adapters/embedded/embedded-database.js';
import { openDataSource } from '../../lib/adapters/typeorm/data-source.js';
import { runMigrations } from '../../lib/adapters/typeorm/migrate.js';
import { createOwnDataSource } from '../../lib/adapters/typeorm/own-data-source.js';
import type { Tables } from '../../lib/adapters/typeorm/own-data-source.js';
import { InvalidOptionError } from '../../lib/errors/options.errors.js';
import { SchemaTooNewError } from '../../lib/errors/store.errors.js';
import {
  CreateNote1700000000001,
  Failing1700000000003,
  IndexNote1700000000002,
  Note,
} from '../support/note-tables.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createScratchDatabase } from '../support/scratch-database.js';
import type { ScratchDatabase } from '../support/scratch-database.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const FIRST = [CreateNote1700000000001];
const BOTH = [IndexNote1700000000002, CreateNote1700000000001];
const names = (migrations: readonly { name: string }[]): string[] =>
  migrations.map(({ name }) => name).toSorted();

type Open = (migrations: Tables['migrations'], schema?: string) => Promise<DataSource>;

/** What holds on a server and on the embedded database. */
function contract(open: Open): void {
  it('creates the schema and its tables, and notes what it applied', async () => {
    const dataSource = await open(BOTH);
    expect(await runMigrations(dataSource, 'durable')).toEqual(names(BOTH));
    await dataSource.getRepository(Note).insert({ id: '1', body: 'x' });
    expect(await dataSource.query('SELECT name FROM durable.migration ORDER BY id')).toEqual(
      names(BOTH).map(name => ({ name })),
    );
  });

  it('is a single read when nothing is pending', async () => {
    const dataSource = await open(BOTH);
    await runMigrations(dataSource, 'durable');
    const statements: string[] = [];
    dataSource.setOptions({ logger: collecting(statements) });
    expect(await runMigrations(dataSource, 'durable')).toEqual([]);
    expect(statements).toEqual([expect.stringMatching(/^SELECT name FROM "durable"\."migration"/)]);
  });

  it('applies what a newer version adds', async () => {
    await runMigrations(await open(FIRST), 'durable');
    expect(await runMigrations(await open(BOTH), 'durable')).toEqual(names([IndexNote1700000000002]));
  });

  it('refuses a schema that a newer version migrated, and names what it does not know', async () => {
    await runMigrations(await open(BOTH), 'durable');
    const older = runMigrations(await open(FIRST), 'durable');
    await expect(older).rejects.toBeInstanceOf(SchemaTooNewError);
    await expect(older).rejects.toMatchObject({
      code: 'DURABLE_SCHEMA_TOO_NEW',
      schema: 'durable',
      migrations: names([IndexNote1700000000002]),
    });
    await expect(older).rejects.toThrow(/IndexNote1700000000002.*newer version here as well/);
  });

  it('leaves nothing of a run that failed, and can be run again', async () => {
    const dataSource = await open([...BOTH, Failing1700000000003]);
    await expect(runMigrations(dataSource, 'durable')).rejects.toThrow('half done');
    expect(await dataSource.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'durable'`)).toEqual([]);
    expect(await runMigrations(await open(BOTH), 'durable')).toEqual(names(BOTH));
  });

  it('keeps schemas of one database apart, each with its own tables', async () => {
    const one = await open(FIRST, 'one');
    const other = await open(BOTH, '_other_2');
    expect(await runMigrations(one, 'one')).toHaveLength(1);
    expect(await runMigrations(other, '_other_2')).toHaveLength(2);
    await one.getRepository(Note).insert({ id: '1', body: '' });
    expect(await other.getRepository(Note).count()).toBe(0);
  });

  it('takes a schema whose name is a word of SQL, and none that would need escaping', async () => {
    const dataSource = await open(FIRST, 'select');
    expect(await runMigrations(dataSource, 'select')).toHaveLength(1);
    expect(await runMigrations(dataSource, 'select')).toEqual([]);
    await expect(runMigrations(dataSource, 'a"; DROP SCHEMA "select')).rejects.toBeInstanceOf(
      InvalidOptionError,
    );
    await expect(runMigrations(dataSource, 'durable')).rejects.toThrow(/not one for schema "durable"/);
  });
}

function latch(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(done => (resolve = done));
  return { promise, resolve: () => resolve() };
}

function collecting(statements: string[]): NonNullable<DataSource['options']['logger']> {
  const ignore = (): void => undefined;
  return {
    logQuery: statement => statements.push(statement),
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
  };
}

describe('runMigrations', () => {
  const closers: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  describe('on a server', () => {
    let database: ScratchDatabase;

    const open = async (
      migrations: Tables['migrations'],
      schema = 'durable',
      url = database.url,
    ): Promise<DataSource> => {
      const tables = { entities: [Note], migrations };
      const dataSource = await openDataSource(url, {
        schema,
        ...tables,
        logger: new RecordingLogger(),
        poolSize: 1,
      });
      closers.push(() => dataSource.destroy());
      return dataSource;
    };

    beforeEach(async () => {
      database = await createScratchDatabase();
      closers.push(() => database.drop());
    });

    contract(open);

    it.each([1, 2, 3])('is applied once by eight nodes that start at once (%s)', async () => {
      const nodes = await Promise.all(Array.from({ length: 8 }, () => open(BOTH)));
      const applied = await Promise.all(nodes.map(node => runMigrations(node, 'durable')));
      expect(applied.filter(names => names.length > 0)).toEqual([names(BOTH)]);
      expect(await nodes[0]!.query('SELECT count(*)::int AS n FROM durable.migration')).toEqual([{ n: 2 }]);
    });

    it('is applied once also where transactions are repeatable reads by default', async () => {
      await (
        await open(FIRST)
      ).query(`ALTER DATABASE "${database.name}" SET default_transaction_isolation TO 'repeatable read'`);
      const nodes = await Promise.all(Array.from({ length: 8 }, () => open(BOTH)));
      const applied = await Promise.all(nodes.map(node => runMigrations(node, 'durable')));
      expect(applied.flat()).toHaveLength(2);
    });

    it('refuses an older version that waited while a newer one migrated', async () => {
      const reached = latch();
      const goOn = latch();
      class Slow1700000000004 extends IndexNote1700000000002 {
        override async up(runner: QueryRunner): Promise<void> {
          reached.resolve();
          await goOn.promise;
          await super.up(runner);
        }
      }
      const [older, newer, observer] = [
        await open(FIRST),
        await open([...FIRST, Slow1700000000004]),
        await open([]),
      ];
      const upgrade = runMigrations(newer, 'durable');
      await reached.promise;
      const refused = expect(runMigrations(older, 'durable')).rejects.toBeInstanceOf(SchemaTooNewError);
      const waiting = `SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`;
      await until('the older one waits', async () => (await observer.query<unknown[]>(waiting)).length > 0);
      goOn.resolve();
      expect(await upgrade).toHaveLength(2);
      await refused;
    });

    it('needs no right to create schemas where the schema exists', async () => {
      const admin = await open(FIRST);
      const role = `plain_${database.name}`;
      await admin.query(`CREATE ROLE "${role}" LOGIN`);
      await admin.query(`CREATE SCHEMA durable AUTHORIZATION "${role}"`);
      const url = new URL(database.url);
      url.username = role;
      const plain = await open(BOTH, 'durable', url.href);
      try {
        expect(await runMigrations(plain, 'durable')).toHaveLength(2);
      } finally {
        await admin.query(`DROP OWNED BY "${role}" CASCADE`);
        await admin.query(`DROP ROLE "${role}"`);
      }
    });

    it('leaves no lock and no session state behind', async () => {
      const dataSource = await open(BOTH);
      await runMigrations(dataSource, 'durable');
      expect(
        await dataSource.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database =
        (SELECT oid FROM pg_database WHERE datname = current_database())`),
      ).toEqual([]);
      expect(await dataSource.query('SHOW transaction_isolation')).toEqual([
        { transaction_isolation: 'read committed' },
      ]);
    });
  });

  describe('on the embedded database', () => {
    // PGlite takes seconds to start: one is enough, with the schemas taken away between the tests.
    let shared: DataSource;
    let embedded: EmbeddedDatabase;

    const open: Open = async (migrations, schema = 'durable') => {
      const driver: unknown = shared.options.type === 'postgres' ? shared.options.driver : undefined;
      const tables = { entities: [Note], migrations };
      const dataSource = await createOwnDataSource(schema, tables, { driver }).initialize();
      closers.push(() => dataSource.destroy());
      return dataSource;
    };

    beforeAll(async () => {
      embedded = await openEmbeddedDatabase({
        directory: false,
        schema: 'durable',
        entities: [Note],
        migrations: [],
        logger: new RecordingLogger(),
      });
      shared = embedded.dataSource;
    });

    beforeEach(async () => {
      await shared.query('DROP SCHEMA IF EXISTS durable, one, _other_2, "select" CASCADE');
    });

    afterAll(() => embedded.close());

    contract(open);

    it('is applied once by several callers', async () => {
      const dataSource = await open(BOTH);
      const applied = await Promise.all(
        Array.from({ length: 8 }, () => runMigrations(dataSource, 'durable')),
      );
      expect(applied.flat()).toEqual(names(BOTH));
    });
  });
});
