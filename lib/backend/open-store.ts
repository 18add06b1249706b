import { openEmbeddedDatabase } from '../adapters/embedded/embedded-database.js';
import { openDataSource } from '../adapters/typeorm/data-source.js';
import { runMigrations } from '../adapters/typeorm/migrate.js';
import { ENTITIES, MIGRATIONS } from '../adapters/typeorm/schema.js';
import { TypeOrmStore, type TypeOrmStoreOptions } from '../adapters/typeorm/typeorm-store.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';

const TABLES = { entities: ENTITIES, migrations: MIGRATIONS };

/** Opens the store that the options ask for, with its tables up to date. */
export async function openStore(
  options: ResolvedOptions,
  logger: Logger,
  poisonError: TypeOrmStoreOptions['poisonError'],
): Promise<Store> {
  const { schema, storage } = options;
  if (storage.kind === 'embedded') {
    const { directory } = storage;
    const database = await openEmbeddedDatabase({ ...TABLES, schema, directory, logger });
    const store = new TypeOrmStore(database.dataSource, {
      poisonError,
      close: () => database.close(),
      maintain: () => database.maintain(),
    });
    const prepare = async (): Promise<void> => {
      await runMigrations(database.dataSource, schema);
      // The directory has one holder at a time, so every lease in it is that of a process that is gone.
      await store.endLeases();
    };
    await orClose(prepare, () => store.close());
    return store;
  }
  const { connectTimeoutMs: connectTimeout } = options;
  const dataSource = await openDataSource(storage.postgres, { ...TABLES, schema, connectTimeout, logger });
  const close = (): Promise<void> => dataSource.destroy();
  await orClose(() => runMigrations(dataSource, schema), close);
  return new TypeOrmStore(dataSource, { poisonError, close });
}

async function orClose(work: () => Promise<unknown>, close: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await close();
    throw error;
  }
}
