import { resolve } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { Logger } from '../../ports/logger.js';
import { loadOptional } from '../shared/load-optional.js';
import { EmbeddedDirectory } from './embedded-directory.js';
import { pgliteDriver, type PgDriver } from './pglite-driver.js';

export interface SessionOptions {
  /**
   * Directory of the database, made with its parents if missing; relative to the working directory. `false` keeps
   * the database in memory until it is closed, for tests. @default '.durable'
   */
  readonly directory?: string | false | undefined;
  /** Milliseconds that a caller waits for the one session. @default 30000 */
  readonly sessionTimeout?: number | undefined;
  readonly logger: Pick<Logger, 'error'>;
  /** What a database in memory begins with, as {@link EmbeddedSession.dump} gave it. @default a new one */
  readonly files?: Blob | undefined;
}

/** An open embedded PostgreSQL. As a connection to a server would, it keeps its process alive until it is closed. */
export interface EmbeddedSession {
  /** What TypeORM takes as `driver`; every pool of it is another client of the one session. */
  readonly driver: PgDriver;
  /** The files of the database. */
  dump(): Promise<Blob>;
  /** Closes the database, and gives the directory back; its pools are closed before. */
  close(): Promise<void>;
}

const DIRECTORY = '.durable';
const LONG_MS = 2 ** 30;

/**
 * Opens the embedded PostgreSQL.
 *
 * @throws MissingPackageError (DURABLE_MISSING_PACKAGE) without `@electric-sql/pglite`.
 * @throws DirectoryInUseError (DURABLE_DIRECTORY_IN_USE) while another opener has the directory.
 * @throws EmbeddedOpenError (DURABLE_EMBEDDED_OPEN) if the directory or the database in it cannot be used.
 */
export async function openSession(options: SessionOptions): Promise<EmbeddedSession> {
  const { PGlite } = await loadOptional(() => import('@electric-sql/pglite'), {
    package: '@electric-sql/pglite',
    option: 'embedded',
  });
  if (options.directory === false) {
    return session(await PGlite.create({ dataDir: 'memory://', loadDataDir: options.files }), options);
  }

  const path = resolve(options.directory ?? DIRECTORY);
  const directory = await EmbeddedDirectory.take(path, lost => options.logger.error(lost.message));
  try {
    const db = await directory.open(data => PGlite.create(`file://${data}`));
    return session(db, options, directory);
  } catch (error) {
    await directory.release();
    throw error;
  }
}

function session(db: PGlite, options: SessionOptions, directory?: EmbeddedDirectory): EmbeddedSession {
  const { sessionTimeout } = options;
  const driver = pgliteDriver(db, { sessionTimeout, assertUsable: () => directory?.assertHeld() });
  const alive = setInterval(() => undefined, LONG_MS);
  const close = async (): Promise<void> => {
    clearInterval(alive);
    try {
      // Closing writes. What belongs to another process by now is left as it is.
      if (directory?.isHeld ?? true) await checkpointAndClose(db);
    } finally {
      await directory?.release();
    }
  };
  return { driver, dump: () => db.dumpDataDir('none'), close };
}

async function checkpointAndClose(db: PGlite): Promise<void> {
  try {
    await db.exec('ROLLBACK');
    await db.exec('CHECKPOINT');
  } finally {
    await db.close();
  }
}
