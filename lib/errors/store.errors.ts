import { DurableError } from './durable-error.js';

/** Where a PostgreSQL server was looked for. Never holds a password. */
export interface StoreAddress {
  readonly host: string;
  readonly port: number;
  /** `undefined` if the driver's default decides. */
  readonly database: string | undefined;
}

/** PostgreSQL could not be used at boot; `cause` is the last error. */
export class StoreUnavailableError extends DurableError {
  readonly code = 'DURABLE_STORE_UNAVAILABLE';
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  /** How often a connection was tried. */
  readonly attempts: number;

  constructor(
    address: StoreAddress,
    failure: {
      readonly reason: string;
      readonly remedy: string;
      readonly attempts: number;
      readonly cause: unknown;
    },
  ) {
    const where =
      `${address.host}:${address.port}` +
      (address.database === undefined ? '' : `, database "${address.database}"`);
    super(`PostgreSQL at ${where} cannot be used: ${failure.reason}. ${failure.remedy}`, {
      cause: failure.cause,
    });
    this.host = address.host;
    this.port = address.port;
    this.database = address.database;
    this.attempts = failure.attempts;
  }
}

/** The schema was migrated by a newer version of this library, which this one cannot work with. */
export class SchemaTooNewError extends DurableError {
  readonly code = 'DURABLE_SCHEMA_TOO_NEW';

  /** @param migrations Names of the applied migrations that this version does not know. */
  constructor(
    readonly schema: string,
    readonly migrations: readonly string[],
  ) {
    super(
      `The schema "${schema}" was migrated by a newer version of nestjs-durable: this version does not know ` +
        `${migrations.join(', ')}. Run the newer version here as well, or give this one another schema.`,
    );
  }
}
