import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../lib/adapters/typeorm/schema.js';
import { quoted } from '../../lib/adapters/typeorm/tables.js';
import { pgliteDriver } from '../../lib/adapters/embedded/pglite-driver.js';
import { createScratchDatabase } from '../support/scratch-database.js';

/** A migrated data source on a database of its own. */
export interface TestDatabase {
  readonly dataSource: DataSource;
  /** Opens one more client of the same database; `close` ends it. */
  readonly connect: () => Promise<pg.Client>;
  /** Closes everything and drops the database. */
  readonly close: () => Promise<void>;
}

/** A new database on the PostgreSQL server of the tests, with the tables in `schema`. */
export async function openPostgres(schema = 'durable', poolSize = 12): Promise<TestDatabase> {
  const { url, drop } = await createScratchDatabase();
  const dataSource = await migrated({ type: 'postgres', url, extra: { max: poolSize } }, schema);
  const clients: pg.Client[] = [];
  return {
    dataSource,
    connect: async () => {
      const client = new pg.Client(url);
      await client.connect();
      clients.push(client);
      return client;
    },
    close: async () => {
      await Promise.all(clients.map(client => client.end()));
      if (dataSource.isInitialized) await dataSource.destroy();
      await drop();
    },
  };
}

/** A new PGlite in memory, with the tables in `schema`. */
export async function openPGlite(schema = 'durable'): Promise<Omit<TestDatabase, 'connect'>> {
  const db = await PGlite.create();
  const dataSource = await migrated({ type: 'postgres', driver: pgliteDriver(db) }, schema);
  return {
    dataSource,
    close: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await db.close();
    },
  };
}

async function migrated(
  options: Extract<DataSourceOptions, { type: 'postgres' }>,
  schema: string,
): Promise<DataSource> {
  const dataSource = new DataSource({
    ...options,
    schema,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTableName: 'migration',
    installExtensions: false,
  });
  await dataSource.initialize();
  try {
    await dataSource.query(`create schema ${quoted(schema)}`);
    await dataSource.runMigrations();
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}
