import { types } from 'node:util';
import { MigrationExecutor } from 'typeorm';
import type { DataSource, QueryRunner } from 'typeorm';
import { SchemaTooNewError } from '../../errors/store.errors.js';
import { MIGRATION_TABLE } from './own-data-source.js';
import { checkSchemaName, quoteSchema } from './schema-name.js';
import { bearingSilence, type MaybeSocketClient } from './silence.js';

/** First key of the advisory lock under which migrations run; the second is derived from the schema's name. */
const LOCK_SPACE = 0x6475_7261;

/** SQLSTATEs of a table or a schema that does not exist. */
const ABSENT = new Set<unknown>(['42P01', '3F000']);

interface Queryable {
  query<T>(sql: string, parameters?: unknown[]): Promise<T>;
}

/**
 * Brings the tables of `schema` up to date, and returns the names of the migrations that it applied.
 *
 * Any number of nodes may call it at once: one applies, the others wait. All of it is one transaction, so that a
 * failed or killed run leaves nothing behind; nothing depends on a session. When nothing is pending it is a single
 * read. `dataSource` is one of `createOwnDataSource`; migrations find the schema in its `options.schema`.
 *
 * @throws SchemaTooNewError (DURABLE_SCHEMA_TOO_NEW) if a migration was applied that `dataSource` does not have.
 */
export async function runMigrations(dataSource: DataSource, schema: string): Promise<string[]> {
  checkSchemaName(schema);
  if (dataSource.options.type !== 'postgres' || dataSource.options.schema !== schema) {
    throw new TypeError(`runMigrations: the DataSource is not one for schema "${schema}"`);
  }
  const known = dataSource.migrations.map(nameOf);
  const applied = await readApplied(dataSource, schema);
  refuseUnknown(schema, known, applied);
  if (known.every(name => applied.includes(name))) return [];

  const runner = dataSource.createQueryRunner();
  try {
    const client = (await runner.connect()) as MaybeSocketClient;
    return await bearingSilence(client, () => migrate(dataSource, runner, schema, known));
  } finally {
    await runner.release();
  }
}

async function migrate(
  dataSource: DataSource,
  runner: QueryRunner,
  schema: string,
  known: readonly string[],
): Promise<string[]> {
  // Each statement has to see what was committed while the lock was waited for, whatever the database's default is.
  await runner.startTransaction('READ COMMITTED');
  try {
    await runner.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_SPACE, schema]);
    await createSchema(runner, schema);
    const executed = await new MigrationExecutor(dataSource, runner).executePendingMigrations();
    refuseUnknown(schema, known, await selectApplied(runner, schema));
    await runner.commitTransaction();
    return executed.map(({ name }) => name);
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

/** `CREATE SCHEMA IF NOT EXISTS` asks for the right to create one even where it exists. */
async function createSchema(runner: QueryRunner, schema: string): Promise<void> {
  const found = (await runner.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])) as unknown[];
  if (found.length === 0) await runner.query(`CREATE SCHEMA ${quoteSchema(schema)}`);
}

async function readApplied(dataSource: DataSource, schema: string): Promise<string[]> {
  try {
    return await selectApplied(dataSource, schema);
  } catch (error) {
    if (types.isNativeError(error) && 'code' in error && ABSENT.has(error.code)) return [];
    throw error;
  }
}

async function selectApplied(db: Queryable, schema: string): Promise<string[]> {
  const table = `${quoteSchema(schema)}."${MIGRATION_TABLE}"`;
  const rows = await db.query<{ name: string }[]>(`SELECT name FROM ${table} ORDER BY id`);
  return rows.map(({ name }) => name);
}

function refuseUnknown(schema: string, known: readonly string[], applied: readonly string[]): void {
  const unknown = applied.filter(name => !known.includes(name));
  if (unknown.length > 0) throw new SchemaTooNewError(schema, unknown);
}

/** As TypeORM names a migration in its table. */
function nameOf(migration: DataSource['migrations'][number]): string {
  return migration.name ?? migration.constructor.name;
}
