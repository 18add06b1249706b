import { resolve } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { DataSource } from 'typeorm';
import type { Logger } from '../../ports/logger.js';
import { loadOptional } from '../shared/load-optional.js';
import { createOwnDataSource } from '../typeorm/own-data-source.js';
import type { Tables } from '../typeorm/own-data-source.js';
import { checkSchemaName } from '../typeorm/schema-name.js';
import { EmbeddedDirectory } from './embedded-directory.js';
import { pgliteDriver } from './pglite-driver.js';

export interface EmbeddedOptions extends Tables {
  /**
   * Directory of the database, made with its parents if missing; relative to the working directory. `false` keeps
   * the database in memory until it is closed, for tests. @default '.durable'
   */
  readonly directory?: string | false;
  /** Schema of the library's tables. */
  readonly schema: string;
  /** Milliseconds that a caller waits for the one session. @default 30000 */
  readonly sessionTimeout?: number;
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
  /** Closes the `dataSource` and the database, and gives the directory back. Idempotent. */
  close(): Promise<void>;
}

const DIRECTORY = '.durable';

/**
 * Opens the embedded database, without running migrations.
 *
 * @throws MissingPackageError (DURABLE_MISSING_PACKAGE) without `@electric-sql/pglite`.
 * @throws DirectoryInUseError (DURABLE_DIRECTORY_IN_USE) while another opener has the directory.
 * @throws EmbeddedOpenError (DURABLE_EMBEDDED_OPEN) if the directory or the database in it cannot be used.
 */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  checkSchemaName(options.schema);
  const { PGlite } = await loadOptional(() => import('@electric-sql/pglite'), {
    package: '@electric-sql/pglite',
    option: 'embedded',
  });
  if (options.directory === false) return start(await PGlite.create('memory://'), options);

  const path = resolve(options.directory ?? DIRECTORY);
  const directory = await EmbeddedDirectory.take(path, lost => options.logger.error(lost.message));
  try {
    const db = await directory.open(data => PGlite.create(`file://${data}`));
    return await start(db, options, directory);
  } catch (error) {
    await directory.release();
    throw error;
  }
}

async function start(
  db: PGlite,
  options: EmbeddedOptions,
  directory?: EmbeddedDirectory,
): Promise<EmbeddedDatabase> {
  try {
    const driver = pgliteDriver(db, {
      sessionTimeout: options.sessionTimeout,
      assertUsable: () => directory?.assertHeld(),
    });
    const dataSource = await createOwnDataSource(options.schema, options, { driver }).initialize();
    let closing: Promise<void> | undefined;
    return {
      dataSource,
      maintain: () => maintain(dataSource),
      close: () => (closing ??= close(dataSource, db, directory)),
    };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** All tables, the catalog's too: one that is never vacuumed holds back the age of the whole database. */
const TABLES = `SELECT format('%I.%I', nspname, relname) AS name
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind IN ('r', 'm') AND relpersistence = 'p'`;

async function maintain(dataSource: DataSource): Promise<void> {
  const tables = await dataSource.query<{ name: string }[]>(TABLES);
  for (const { name } of tables) await dataSource.query(`VACUUM (ANALYZE) ${name}`);
  await dataSource.query('CHECKPOINT');
}

/** Each step is tried, whatever became of the one before; the directory is given back last. */
async function close(dataSource: DataSource, db: PGlite, directory?: EmbeddedDirectory): Promise<void> {
  try {
    if (dataSource.isInitialized) await dataSource.destroy();
  } finally {
    try {
      // Closing writes. What belongs to another process by now is left as it is.
      if (directory?.isHeld ?? true) await checkpointAndClose(db);
    } finally {
      await directory?.release();
    }
  }
}

async function checkpointAndClose(db: PGlite): Promise<void> {
  try {
    await db.exec('ROLLBACK');
    await db.exec('CHECKPOINT');
  } finally {
    await db.close();
  }
}
