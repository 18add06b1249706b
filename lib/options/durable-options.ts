import type { RegisteredClass } from '../codec/class-registry.js';
import type { RegisteredError } from '../codec/error-registry.js';
import type { Codec } from '../ports/codec.js';
import type { EmbeddedOptions, PostgresAddress } from './connection-options.js';
import type { Duration } from './duration.js';
import type { ExecutionOptions } from './execution-options.js';
import type { RedisAddress } from './redis-options.js';

/** Options of `DurableModule`. Everything has a default: without any it runs on an embedded database. */
export interface DurableModuleOptions {
  /**
   * The database that holds the truth: a URL (`postgres://…`), the fields of a connection, or the application's own
   * TypeORM `DataSource`, whose pool is then shared. PostgreSQL 14 or newer.
   * @default an embedded database, see `embedded`
   */
  readonly postgres?: PostgresAddress;

  /**
   * What makes several processes fast: a URL (`redis://…`), options of ioredis, the nodes of a Cluster
   * (`{ cluster: [{ host, port }] }`), or an instance of ioredis (`Redis` or `Cluster`), of which only the options are
   * used. Redis 7 or newer. It holds nothing that cannot be rebuilt, so it needs `postgres` beside it.
   * @default none: one process wakes itself, several find each other's work by looking for it
   */
  readonly redis?: RedisAddress;

  /** The PostgreSQL within this process, for development and single processes. Not together with `postgres`. */
  readonly embedded?: EmbeddedOptions;

  /** Schema of the tables: 1 to 63 of a-z, 0-9 and `_`, no digit first, not `pg_…`. @default 'durable' */
  readonly schema?: string;

  /**
   * Sets applications apart that share a Redis: the first part of every key. 1 to 64 of A-Z, a-z, 0-9, `_`, `.` and
   * `-`.
   * @default 'default'
   */
  readonly namespace?: string;

  /** Whether this process executes handlers, and how; `false`: it only dispatches. @default true */
  readonly worker?: boolean | WorkerOptions;

  /** Connections that write at the same time, from 1 to 64. One is the fastest on most machines. @default 1 */
  readonly writers?: number;

  /** Defaults of all steps. */
  readonly steps?: ExecutionOptions;

  /** Defaults of all handlers. */
  readonly handlers?: ExecutionOptions;

  /** How large things may be. */
  readonly limits?: LimitOptions;

  /** How long things are kept. */
  readonly retention?: RetentionOptions;

  /** How long the start waits for the database, 1 s or more. @default '30s' */
  readonly connectTimeout?: Duration;

  /** Classes whose instances come back as themselves from the journal. Not together with `codec`. */
  readonly classes?: readonly RegisteredClass[];

  /** Errors that come back as themselves from the journal, parents before their subclasses. */
  readonly errors?: readonly RegisteredError[];

  /** How values become text, for example encrypted. @default JSON with tags for what JSON does not have */
  readonly codec?: Codec;
}

/** How a process executes handlers. */
export interface WorkerOptions {
  /** Invocations driven at once, from 1 to 100,000. @default 100 */
  readonly concurrency?: number;
  /** How long running steps are waited for when the application stops. @default '20s' */
  readonly drainTimeout?: Duration;
  /**
   * How long a worker that stops answering keeps what it drives, from 100 ms to 1 day. A short one finds a dead
   * process sooner, a long one bears longer pauses of a living one.
   * @default '15s'
   */
  readonly lease?: Duration;
  /**
   * How often the database is asked for work that no message announced, 10 ms or more; where that was in vain ten times
   * in a row, every fifth time while Redis is connected.
   * @default '1s'
   */
  readonly sweepInterval?: Duration;
  /**
   * How long an invocation that only waits stays in memory, from 0 to 1 day: what comes sooner finds it there, what
   * comes later wakes it by a replay. A wait that is known to be longer is not stayed for at all.
   * @default '5s'
   */
  readonly residency?: Duration;
  /**
   * What happens when a handler awaits what is not durable (`fetch`, `setTimeout`, a query) and calls something durable
   * after it: `warn` logs it once per attempt, `fail` fails the attempt with an `UnjournaledAwaitError`.
   * @default 'warn', and 'ignore' where NODE_ENV is 'production'
   */
  readonly unjournaledAwait?: 'warn' | 'fail' | 'ignore';
  /** Workers in a row that may die of one invocation before it fails as poison, from 1 to 1,000. @default 3 */
  readonly maxDeaths?: number;
}

/** How large things may be. */
export interface LimitOptions {
  /** Largest input or result of a handler or step, encoded, in bytes: 1 KiB to 256 MiB. @default 1048576 (1 MiB) */
  readonly payload?: number;
  /**
   * Durable operations that one invocation may call, from 10 to 1,000,000: one more fails it with a
   * `JournalTooLongError`, half of them are a warning in the log. Each attempt reads them all.
   * @default 20000
   */
  readonly journal?: number;
}

/** How long things are kept. */
export interface RetentionOptions {
  /** How long an invocation is kept after its end; `false`: for ever. @default '30d' */
  readonly after?: Duration | false;
}
