import { isEmbedded, onceOpened } from '../adapters/embedded/embedded-driver.js';
import { maintain, openEmbeddedDatabase } from '../adapters/embedded/embedded-database.js';
import { isDataSource, openDataSource } from '../adapters/typeorm/data-source.js';
import { runMigrations } from '../adapters/typeorm/migrate.js';
import { ENTITIES, MIGRATIONS } from '../adapters/typeorm/schema.js';
import { TypeOrmStore, type TypeOrmStoreOptions } from '../adapters/typeorm/typeorm-store.js';
import { TypeOrmTransactions } from '../adapters/typeorm/typeorm-transactions.js';
import type { PostgresAddress } from '../options/connection-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';
import type { Transactions } from '../ports/transactions.js';
import type { OpenedDatabase, TestDatabase } from '../runtime/test-seam.js';

const TABLES = { entities: ENTITIES, migrations: MIGRATIONS };

/** What stores are opened with. */
export interface StoreParts {
  readonly logger: Logger;
  readonly poisonError: TypeOrmStoreOptions['poisonError'];
  /** That of a test. */
  readonly test?: TestDatabase | undefined;
}

/** A store, and the transactions of the application if it shares its connections. */
export interface OpenedStore {
  readonly store: Store;
  readonly transactions: Transactions | undefined;
}

/** Opens the store that the options ask for, with its tables up to date. */
export function openStore(options: ResolvedOptions, parts: StoreParts): Promise<OpenedStore> {
  const { storage } = options;
  return storage.kind === 'embedded'
    ? openEmbedded(options, storage.directory, parts)
    : openServer(options, storage.postgres, parts);
}

async function openEmbedded(
  { schema }: ResolvedOptions,
  directory: string | false,
  { logger, poisonError, test }: StoreParts,
): Promise<OpenedStore> {
  const files = await test?.load(schema);
  const database = await openEmbeddedDatabase({ ...TABLES, schema, directory, logger, files });
  const { dataSource } = database;
  const close = (): Promise<void> => database.close();
  const prepare = async (): Promise<Store> => {
    await runMigrations(dataSource, schema);
    const now = await test?.prepare({ ...queried(dataSource, schema), dump: () => database.dump() });
    const store = new TypeOrmStore(dataSource, {
      ...{ poisonError, now, close, ownsConnections: true },
      // What is in memory is gone before it need be tidied.
      ...(directory !== false && { maintain: () => database.maintain() }),
    });
    // The directory has one holder at a time, so every lease in it is that of a process that is gone.
    await store.endLeases();
    return store;
  };
  return { store: await orClose(prepare, close), transactions: undefined };
}

async function openServer(
  { schema, connectTimeoutMs: connectTimeout }: ResolvedOptions,
  postgres: PostgresAddress,
  { logger, poisonError, test }: StoreParts,
): Promise<OpenedStore> {
  const own = await openDataSource(postgres, { ...TABLES, schema, connectTimeout, logger });
  const isAlone = isDataSource(postgres) && isEmbedded(postgres);
  const escapes = process.env.NODE_ENV === 'production' ? undefined : logger;
  let transactions: TypeOrmTransactions | undefined;
  const close = async (): Promise<void> => {
    transactions?.close();
    await own.destroy();
  };
  const prepare = async (): Promise<Store> => {
    await runMigrations(own, schema);
    const now = await test?.prepare(queried(own, schema));
    if (isDataSource(postgres)) transactions = new TypeOrmTransactions(postgres, { own, escapes, now });
    const store = new TypeOrmStore(own, {
      ...{ poisonError, now, close, ownsConnections: !isDataSource(postgres) },
      ...(isAlone && { maintain: () => maintain(own) }),
    });
    // Those of processes that are gone, not of a worker that somebody else has here meanwhile.
    if (isAlone) await onceOpened(postgres, schema, () => store.endLeases());
    return store;
  };
  return { store: await orClose(prepare, close), transactions };
}

function queried(dataSource: Pick<OpenedDatabase, 'query'>, schema: string): OpenedDatabase {
  return { schema, query: (text, values) => dataSource.query(text, values) };
}

async function orClose<T>(work: () => Promise<T>, close: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await close();
    throw error;
  }
}
