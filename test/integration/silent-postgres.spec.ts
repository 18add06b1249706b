import type { DataSource } from 'typeorm';
import pg from 'pg';
import { openDataSource } from '../../lib/adapters/typeorm/data-source.js';
import { runMigrations } from '../../lib/adapters/typeorm/migrate.js';
import { classify } from '../../lib/adapters/typeorm/pg-errors.js';
import { ENTITIES, MIGRATIONS } from '../../lib/adapters/typeorm/schema.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const SILENCE_MS = 400;

/** A route that was lost: nothing arrives, and nobody says so. */
describe('a connection to a PostgreSQL that does not answer any more', () => {
  let database: ScratchDatabase;
  let proxy: TcpProxy;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createScratchDatabase();
    const url = new URL(database.url);
    proxy = await TcpProxy.to(Number(url.port));
    url.port = String(proxy.port);
    dataSource = await openDataSource(
      { url: url.href, poolSize: 1 },
      {
        schema: 'durable',
        entities: ENTITIES,
        migrations: MIGRATIONS,
        logger: new RecordingLogger(),
        silenceMs: SILENCE_MS,
      },
    );
  });
  afterAll(async () => {
    await dataSource.destroy();
    await proxy.close();
    await database.drop();
  });

  const backend = async (): Promise<number> => {
    const [row] = await dataSource.query<{ pid: number }[]>('select pg_backend_pid() as pid');
    return row?.pid ?? 0;
  };

  it('is given up by whoever asks, who may ask again on another one', async () => {
    const before = await backend();
    proxy.mode = 'half-open';
    const asked = performance.now();
    const error: unknown = await backend().catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/PostgreSQL did not say anything for 400 ms/);
    expect(classify(error)).toBe('transient');
    expect(performance.now() - asked).toBeGreaterThan(SILENCE_MS * 0.9);
    proxy.mode = 'pass';
    expect(await backend()).not.toBe(before);
  });

  it('stays if it was silent because nobody asked', async () => {
    const before = await backend();
    await new Promise(resolve => setTimeout(resolve, SILENCE_MS * 2));
    expect(await backend()).toBe(before);
  });

  it('is waited for by a migration, which may take its time', async () => {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('begin');
    // Whoever creates the schema makes the migration wait.
    await other.query('create schema durable');
    const migrating = runMigrations(dataSource, 'durable');
    await until('the migration waits', async () => {
      const { rows } = await other.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await new Promise(resolve => setTimeout(resolve, SILENCE_MS * 2));
    await other.query('rollback');
    await other.end();
    expect((await migrating).length).toBeGreaterThan(0);
  });
});
