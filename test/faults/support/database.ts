import pg from 'pg';
import { openEmbeddedDatabase } from '../../../lib/adapters/embedded/embedded-database.js';
import { ENTITIES, MIGRATIONS } from '../../../lib/adapters/typeorm/schema.js';
import { RecordingLogger } from '../../support/recording-logger.js';

/** Reads what the library has stored, past the library. */
export interface DirectDatabase {
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** A PostgreSQL server, which may be away now and then. */
export function postgresDatabase(url: string): DirectDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query(sql, [...values])).rows as Row[],
    close: () => pool.end(),
  };
}

/** An embedded database, opened for each query: no other process may have it then. */
export function embeddedDatabase(directory: string): DirectDatabase {
  const tables = { entities: ENTITIES, migrations: MIGRATIONS, schema: 'durable' };
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) => {
      const database = await openEmbeddedDatabase({ ...tables, directory, logger: new RecordingLogger() });
      try {
        return await database.dataSource.query<Row[]>(sql, [...values]);
      } finally {
        await database.close();
      }
    },
    close: async () => undefined,
  };
}
