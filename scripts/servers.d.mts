/** A throwaway server on 127.0.0.1. Its port stays the same over restarts. */
export interface ThrowawayServer {
  readonly url: string;
  readonly port: number;
  /** Process of the server; changes at a restart. */
  readonly pid: number;
  /** Directory of its data. */
  readonly dataDir: string;
  /** File that takes what it prints. */
  readonly logFile: string;
  /** Version of the program, such as `15.20`. */
  readonly version: string;
  readonly running: boolean;
  /**
   * Sends a signal, `SIGKILL` by default. `SIGKILL`, `SIGSTOP` and `SIGCONT` go to all its processes, others to the
   * server's first (`SIGQUIT` is PostgreSQL's immediate shutdown). Resolves once the server has ended; after
   * `SIGSTOP` and `SIGCONT` at once.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it in an orderly way if it runs, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Ends it and removes its data. May be called more than once. */
  stop(): Promise<void>;
}

export interface PostgresServer extends ThrowawayServer {
  /** Directory of `postgres`, `initdb`, `pg_ctl`. */
  readonly binDir: string;
}

export interface RedisServer extends ThrowawayServer {
  /** Path of `redis-server`. */
  readonly binary: string;
}

/** A Redis Cluster of masters without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly version: string;
  /** Ends its nodes and removes their data. May be called more than once. */
  stop(): Promise<void>;
}

export interface PgBouncerServer extends ThrowawayServer {
  /** Path of `pgbouncer`. */
  readonly binary: string;
}

export interface PgBouncerOptions {
  /** URL of the server behind it, with the user that all its connections have. */
  readonly postgres: string;
  /** Connections to each database at the most. @default 5 */
  readonly poolSize?: number;
  /** Further settings of `pgbouncer.ini`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresOptions {
  /** Whether commits reach the disk. @default true */
  readonly fsync?: boolean;
  /** @default 200 */
  readonly maxConnections?: number;
  /** Further settings of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RedisOptions {
  /** Whether it keeps its data over a restart. @default false */
  readonly appendOnly?: boolean;
  /** Further settings of `redis.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a PostgreSQL server: superuser `postgres`, database `postgres`, no password. Installs one if it may. */
export function startPostgres(options?: PostgresOptions): Promise<PostgresServer>;

/** Starts a Redis server. Installs one if it may. */
export function startRedis(options?: RedisOptions): Promise<RedisServer>;

/** Starts a Redis Cluster of three masters without replicas, each with a third of the slots. */
export function startRedisCluster(options?: Pick<RedisOptions, 'settings'>): Promise<RedisCluster>;

/** Starts PgBouncer in transaction mode before a PostgreSQL server, for every database of it. Installs it if it may. */
export function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncerServer>;

/** Program of PgBouncer. Throws, saying what to do, if there is none and none can be installed. */
export function findPgBouncer(): Promise<{ readonly binary: string; readonly version: string }>;

/** Programs of PostgreSQL 14 or newer. Throws, saying what to do, if there is none and none can be installed. */
export function findPostgres(): Promise<{ readonly binDir: string; readonly version: string }>;

/** Program of Redis 7 or newer. Throws, saying what to do, if there is none and none can be installed. */
export function findRedis(): Promise<{ readonly binary: string; readonly version: string }>;

/** Ends servers and removes directories in `parent` whose owner is gone; the directories removed. */
export function sweepLeftovers(parent?: string): Promise<string[]>;
