import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { DataSource } from 'typeorm';
import { InvalidOptionError } from '../errors/options.errors.js';
import { fields, flag, integer, invalid, join, type Path } from './check.js';

/** How to reach PostgreSQL. What is left out comes from libpq's environment (`PGHOST` …) or its defaults. */
export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`; what it names goes before the fields below. */
  readonly url?: string;
  /** Host name, address, or directory of a Unix socket. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** The same as `user`, as TypeORM calls it. */
  readonly username?: string;
  /** The password, or what gives it for each new connection. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /** TLS, or options of `node:tls`. @default false */
  readonly ssl?: boolean | TlsOptions;
  /** Connections at the most. @default 10 */
  readonly poolSize?: number;
  /** Shown in `pg_stat_activity`. @default 'nestjs-durable' */
  readonly applicationName?: string;
}

/** Where PostgreSQL is: a URL, the fields of a connection, or the application's own TypeORM `DataSource`. */
export type PostgresAddress = string | PostgresOptions | DataSource;

/** The PostgreSQL within the process. */
export interface EmbeddedOptions {
  /**
   * Directory of the database, relative to the working directory; made if missing. `false`: in memory, for tests.
   * @default '.durable'
   */
  readonly directory?: string | false;
}

const POSTGRES: Readonly<Record<keyof PostgresOptions, true>> = {
  url: true,
  host: true,
  port: true,
  user: true,
  username: true,
  password: true,
  database: true,
  ssl: true,
  poolSize: true,
  applicationName: true,
};
const EMBEDDED: Readonly<Record<keyof EmbeddedOptions, true>> = { directory: true };
const POSTGRES_URL = 'postgres://user:password@host:5432/database';

/** @throws InvalidOptionError */
export function resolvePostgres(value: unknown, path: Path): PostgresAddress {
  if (typeof value === 'string') return postgresUrl(value, path);
  if (isDataSource(value)) return dataSource(value, path);
  if (typeof value !== 'object' || value === null) {
    throw invalid(path, value, `${POSTGRES_URL}, the fields of a connection, or a TypeORM DataSource`);
  }
  const given = fields<PostgresOptions>(value, path, POSTGRES);
  if (given.url !== undefined) postgresUrl(given.url, join(path, 'url'));
  for (const name of ['host', 'user', 'username', 'database', 'applicationName'] as const) {
    const text = given[name];
    if (text !== undefined && (typeof text !== 'string' || text === '')) {
      throw invalid(join(path, name), text, 'a text that is not empty');
    }
  }
  const { password, ssl } = given;
  if (password !== undefined && typeof password !== 'string' && typeof password !== 'function') {
    throw invalid(join(path, 'password'), password, 'a text, or a function that gives one');
  }
  if (typeof ssl !== 'object' || ssl === null) flag(ssl, join(path, 'ssl'), false);
  integer(given.port, join(path, 'port'), 1, 65_535, 5432);
  integer(given.poolSize, join(path, 'poolSize'), 1, 1_000, 10);
  return Object.freeze({ ...given }) as PostgresOptions;
}

function postgresUrl(value: unknown, path: Path): string {
  if (typeof value === 'string' && /^postgres(?:ql)?:\/\/./i.test(value)) return value;
  throw invalid(path, value, POSTGRES_URL);
}

/** By its shape: the application may have another copy of TypeORM. */
function isDataSource(value: unknown): value is DataSource {
  return typeof value === 'object' && value !== null && 'isInitialized' in value && 'driver' in value;
}

function dataSource(value: DataSource, path: Path): DataSource {
  const { type } = value.options;
  if (type === 'postgres') return value;
  throw new InvalidOptionError(
    path,
    `is a DataSource of type ${JSON.stringify(type)}`,
    'one of type "postgres"',
  );
}

/** The directory of the embedded database; `false`: in memory. @throws InvalidOptionError */
export function resolveEmbedded(value: unknown, path: Path): string | false {
  if (value === undefined) return DEFAULT_DIRECTORY;
  const { directory = DEFAULT_DIRECTORY } = fields<EmbeddedOptions>(value, path, EMBEDDED);
  if (directory === false || (typeof directory === 'string' && /^[^\0]+$/.test(directory))) return directory;
  throw invalid(
    join(path, 'directory'),
    directory,
    'the path of a directory, or false for a database in memory',
  );
}

const DEFAULT_DIRECTORY = '.durable';
