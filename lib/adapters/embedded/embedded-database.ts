import type { DataSource } from 'typeorm';
import type { Logger } from '../../ports/logger.js';
import { createOwnDataSource } from '../typeorm/own-data-source.js';
import type { Tables } from '../typeorm/own-data-source.js';
import { checkSchemaName } from '../typeorm/schema-name.js';
import { openSession, type EmbeddedSession, type SessionOptions } from './embedded-session.js';

export interface EmbeddedOptions extends Tables, SessionOptions {
  /** Schema of the library's tables. */
  readonly schema: string;
  readonly logger: Logger;
}

/**
 * A PostgreSQL in this process, kept in a directory. It survives a killed process, not a lost machine: nothing is
 * synced to disk. Statements run on the main thread: a long one stops the event loop.
 */
export interface EmbeddedDatabase {
  /** This library's tables only; one session, so a transaction that asks for a second connection gets an error. */
  readonly dataSource: DataSource;
  /**
   * Does what a server does in the background, and this one never by itself: removes dead rows, renews the
   * planner's statistics, lets go of the write-ahead log. Table by table, so that other work gets its turn between.
   */
  maintain(): Promise<void>;
  /** The files of the database, for another one in memory. */
  dump(): Promise<Blob>;
  /** Closes the `dataSource` and the database, and gives the directory back. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the embedded database, without running migrations.
 *
 * @throws MissingPackageError (DURABLE_MISSING_PACKAGE) without `@electric-sql/pglite`.
 * @throws DirectoryInUseError (DURABLE_DIRECTORY_IN_USE) while another opener has the directory.
 * @throws EmbeddedOpenError (DURABLE_EMBEDDED_OPEN) if the directory or the database in it cannot be used.
 */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  checkSchemaName(options.schema);
  const session = await openSession(options);
  try {
    const { driver } = session;
    const dataSource = await createOwnDataSource(options.schema, options, { driver }).initialize();
    let closing: Promise<void> | undefined;
    return {
      dataSource,
      maintain: () => maintain(dataSource),
      dump: () => session.dump(),
      close: () => (closing ??= close(dataSource, session)),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** All tables, the catalog's too: one that is never vacuumed holds back the age of the whole database. */
const TABLES = `SELECT format('%I.%I', nspname, relname) AS name
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind IN ('r', 'm') AND relpersistence = 'p'`;

/**
 * Does what a server does in the background, and this one never by itself. Table by table, so that other work gets its
 * turn between.
 */
export async function maintain(dataSource: DataSource): Promise<void> {
  const tables = await dataSource.query<{ name: string }[]>(TABLES);
  for (const { name } of tables) await dataSource.query(`VACUUM (ANALYZE) ${name}`);
  await dataSource.query('CHECKPOINT');
}

/** Each step is tried, whatever became of the one before. */
async function close(dataSource: DataSource, session: EmbeddedSession): Promise<void> {
  try {
    if (dataSource.isInitialized) await dataSource.destroy();
  } finally {
    await session.close();
  }
}
