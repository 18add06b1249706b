import type { EventEmitter } from 'node:events';
import type { DataSource } from 'typeorm';
import { InvalidOptionError } from '../../errors/options.errors.js';
import type { Logger } from '../../ports/logger.js';
import { connect } from './connect.js';
import type { ConnectOptions } from './connect.js';
import { createOwnDataSource } from './own-data-source.js';
import type { Tables } from './own-data-source.js';
import { addressOf } from './postgres-address.js';
import type { PostgresConnection } from './postgres-address.js';
import { checkSchemaName } from './schema-name.js';
import { sharedPoolDriver } from './shared-pool.js';
import { limitSilence, type MaybeSocketClient } from './silence.js';

/** A URL, the fields of a connection, or the application's own TypeORM `DataSource`. */
export type PostgresOption = string | PostgresConnection | DataSource;

export interface OpenOptions extends ConnectOptions, Tables {
  /** Schema of the library's tables. */
  readonly schema: string;
  /** Connections at the most, unless `postgres` says it. @default 10 */
  readonly poolSize?: number;
  /** Milliseconds for which the server may leave a question without a word. @default 30000 */
  readonly silenceMs?: number;
}

const POOL_SIZE = 10;
/** Milliseconds to get a connection from the pool, new or used, before the caller gets a transient error. */
const ACQUIRE_TIMEOUT = 10_000;

/**
 * Opens a `DataSource` with this library's tables only. `destroy()` closes it.
 *
 * Given the application's `DataSource`, it shares the pool of that one: no connection is added, and `destroy()`
 * leaves theirs open. If theirs is not initialized yet, it is initialized here, and remains theirs to close.
 *
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION) for what `postgres` or `schema` cannot be.
 * @throws StoreUnavailableError (DURABLE_STORE_UNAVAILABLE) if the server cannot be used within `connectTimeout`.
 */
export async function openDataSource(postgres: PostgresOption, options: OpenOptions): Promise<DataSource> {
  checkSchemaName(options.schema);
  if (isDataSource(postgres)) return share(postgres, options);
  const connection = typeof postgres === 'string' ? { url: postgres } : postgres;
  const address = addressOf(connection);
  const extra = poolConfig(connection, options);
  return connect(
    address,
    () =>
      initialize(
        createOwnDataSource(options.schema, options, {
          extra,
          poolErrorHandler: logIdleError(options.logger),
        }),
      ),
    options,
  );
}

async function share(theirs: DataSource, options: OpenOptions): Promise<DataSource> {
  const credentials = theirs.options;
  if (credentials.type !== 'postgres') {
    throw new InvalidOptionError(
      'postgres',
      `is a DataSource of type '${credentials.type}'`,
      "a DataSource of type 'postgres', a URL, or the fields of a connection",
    );
  }
  const { url, host, port, database } = credentials.replication?.master ?? credentials;
  return connect(
    addressOf({ url, host, port, database }),
    async () => {
      if (!theirs.isInitialized) await theirs.initialize();
      const driver = sharedPoolDriver(theirs);
      return initialize(createOwnDataSource(options.schema, options, { driver }));
    },
    options,
  );
}

/** TypeORM leaves the pool of a failed start open once it had a connection. */
async function initialize(dataSource: DataSource): Promise<DataSource> {
  try {
    return await dataSource.initialize();
  } catch (error) {
    await dataSource.driver.disconnect().catch(() => undefined);
    throw error;
  }
}

/** As pg takes it. TypeORM's own parsing of URLs, which knows no parameters or sockets, is left out. */
function poolConfig(
  connection: PostgresConnection,
  { poolSize = POOL_SIZE, silenceMs }: OpenOptions,
): Record<string, unknown> {
  const { url, user, username, applicationName, poolSize: max, ...rest } = connection;
  return {
    ...rest,
    user: user ?? username,
    ...(url === undefined ? {} : { connectionString: url }),
    application_name: applicationName ?? 'nestjs-durable',
    max: max ?? poolSize,
    connectionTimeoutMillis: ACQUIRE_TIMEOUT,
    keepAlive: true,
    verify: (client: EventEmitter & MaybeSocketClient, done: (error?: Error) => void): void => {
      surviveLoss(client);
      limitSilence(client, silenceMs);
      done();
    },
  };
}

/**
 * A connection that breaks while it is in use, and between two queries, tells nobody
 * but its listeners: without one, Node would end the process. Who uses it hears of it at his next query.
 */
function surviveLoss(client: EventEmitter): void {
  client.on('error', () => undefined);
}

function logIdleError(logger: Logger): (error: Error) => void {
  return error => logger.warn(`An idle connection to PostgreSQL was lost: ${error.message}`);
}

/** Whether the option is the application's own data source. By its shape: it may be of another copy of TypeORM. */
export function isDataSource(postgres: PostgresOption): postgres is DataSource {
  return typeof postgres === 'object' && 'isInitialized' in postgres && 'driver' in postgres;
}
