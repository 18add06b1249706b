import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntitySchema, MigrationInterface, QueryRunner } from 'typeorm';
import { bare } from './bare-errors.js';
import { checkSchemaName } from './schema-name.js';

/** Table of the schema in which TypeORM notes the migrations that were applied. */
export const MIGRATION_TABLE = 'migration';

/** The tables of this library, as TypeORM takes them. */
export interface Tables {
  readonly entities: readonly ((abstract new (...args: never[]) => unknown) | EntitySchema)[];
  /** Applied by `runMigrations`, in the order of the timestamps that their class names end with. */
  readonly migrations: readonly (new () => MigrationInterface)[];
}

const silence = (): void => undefined;

/** TypeORM's own would print failed migrations to the console; whoever calls gets every error anyway. */
const SILENT: NonNullable<DataSourceOptions['logger']> = {
  logQuery: silence,
  logQueryError: silence,
  logQuerySlow: silence,
  logSchemaBuild: silence,
  logMigration: silence,
  log: silence,
};

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/**
 * A `DataSource` with this library's tables in `schema`, and nothing of the application's. Not initialized. No error of its
 * queries has what they were given.
 *
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION) for a bad schema name.
 */
export function createOwnDataSource(
  schema: string,
  tables: Tables,
  connection: Pick<PostgresOptions, 'driver' | 'extra' | 'poolErrorHandler'>,
): DataSource {
  const dataSource = new DataSource({
    ...connection,
    type: 'postgres',
    schema: checkSchemaName(schema),
    entities: [...tables.entities],
    migrations: [...tables.migrations],
    migrationsTableName: MIGRATION_TABLE,
    synchronize: false,
    logger: SILENT,
    installExtensions: false,
  });
  const createRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = mode => withBareErrors(createRunner(mode));
  return dataSource;
}

/** All queries of a data source go through its query runners. */
function withBareErrors(runner: QueryRunner): QueryRunner {
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  runner.query = ((...args: unknown[]) => bare(query(...args))) as QueryRunner['query'];
  return runner;
}
