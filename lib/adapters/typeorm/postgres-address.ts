import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { StoreAddress } from '../../errors/store.errors.js';
import { InvalidOptionError } from '../../errors/options.errors.js';

/** How to reach PostgreSQL. What is left out comes from libpq's environment (`PGHOST` …) or its defaults. */
export interface PostgresConnection {
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
  readonly ssl?: boolean | TlsOptions;
  /** Connections at the most. @default 10 */
  readonly poolSize?: number;
  /** Shown in `pg_stat_activity`. @default 'nestjs-durable' */
  readonly applicationName?: string;
}

const URL_FORM = 'postgres://user:password@host:port/database, special characters percent-encoded';

/** Where a connection leads, without its secrets. @throws InvalidOptionError for a URL that is none. */
export function addressOf(connection: PostgresConnection): StoreAddress {
  const url = connection.url === undefined ? undefined : parseUrl(connection.url);
  const host =
    url?.searchParams.get('host') || decode(url?.hostname) || connection.host || process.env.PGHOST;
  const port = url?.searchParams.get('port') || url?.port || connection.port || process.env.PGPORT;
  const database = decode(url?.pathname.slice(1)) || connection.database || process.env.PGDATABASE;
  return { host: host || 'localhost', port: Number(port || 5432), database };
}

function parseUrl(text: string): URL {
  let url: URL;
  try {
    // Without a host (`postgres:///db?host=/run`) the URL standard asks for one.
    url = new URL(text.replace(/^(postgres(?:ql)?:\/\/)\//, '$1localhost/'));
  } catch {
    throw new InvalidOptionError('postgres', 'is not a URL', URL_FORM);
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) {
    throw new InvalidOptionError('postgres', 'is not a PostgreSQL URL', URL_FORM);
  }
  // A bare `#`, `?` or `/` in the password ends the host early, and what follows would pass for a host or port.
  if (url.hash !== '' || url.pathname.includes('@') || url.search.includes('@')) {
    throw new InvalidOptionError('postgres', 'has a special character that is not percent-encoded', URL_FORM);
  }
  return url;
}

function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
