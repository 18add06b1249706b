import { types } from 'node:util';
import { DurableError } from './durable-error.js';

/** The holder of a directory, as its lock names it. */
export interface DirectoryHolder {
  /** Process id, in the holder's own process namespace. */
  readonly pid: number;
  /** When it took the directory, by its own clock. */
  readonly since: Date;
}

/** Another opener, in this process or elsewhere, holds the directory of the embedded database. */
export class DirectoryInUseError extends DurableError {
  readonly code = 'DURABLE_DIRECTORY_IN_USE';
  readonly pid: number;
  readonly since: Date;

  constructor(
    readonly directory: string,
    holder: DirectoryHolder,
  ) {
    const who = holder.pid === process.pid ? `process ${holder.pid} (this one)` : `process ${holder.pid}`;
    super(
      `The directory "${directory}" has been in use by ${who} since ${holder.since.toISOString()}, ` +
        'and an embedded database serves one opener at a time. Stop the other one, give this one another ' +
        '`embedded.directory`, or use `postgres` to share one database between processes.',
    );
    this.pid = holder.pid;
    this.since = holder.since;
  }
}

/** The directory was taken away from this process, or removed, while its database was open. */
export class DirectoryLostError extends DurableError {
  readonly code = 'DURABLE_DIRECTORY_LOST';

  constructor(readonly directory: string) {
    super(
      `The directory "${directory}" no longer belongs to this process: it was removed, or another process took it ` +
        'over because this one had stopped for too long. Nothing more is written. Restart this process.',
    );
  }
}

/** The embedded database could not be opened; `cause` says why. */
export class EmbeddedOpenError extends DurableError {
  readonly code = 'DURABLE_EMBEDDED_OPEN';

  constructor(
    readonly directory: string,
    options: { readonly cause: unknown; readonly hint?: string },
  ) {
    const reason = types.isNativeError(options.cause) ? options.cause.message : String(options.cause);
    const hint = options.hint === undefined ? '' : ` ${options.hint}`;
    super(`The embedded database in "${directory}" could not be opened: ${reason}.${hint}`, {
      cause: options.cause,
    });
  }
}
