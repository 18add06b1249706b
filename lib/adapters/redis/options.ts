import type { Logger } from '../../ports/logger.js';
import type { RedisTiming } from './timing.js';

/** An ioredis instance, of whichever version the application has. */
export interface RedisLike {
  readonly status: string;
  duplicate(...overrides: never[]): unknown;
}

/** Options of ioredis: `host`, `port`, `username`, `password`, `db`, `tls`, `sentinels`, `name`, `keyPrefix` … */
export interface RedisConnectionOptions {
  readonly [option: string]: unknown;
}

/**
 * Where Redis is: a URL (`redis://`, `rediss://`, or the path of a socket), options of ioredis, or an instance,
 * of which only duplicates are used and which is never closed.
 */
export type RedisAddress = string | RedisConnectionOptions | RedisLike;

/** What the Redis transport is made of. */
export interface RedisTransportOptions {
  readonly redis: RedisAddress;
  /** Applications with the same namespace share their work. `A-Za-z0-9_.-`, 64 at the most. @default 'default' */
  readonly namespace?: string;
  readonly logger: Logger;
  /** Durations other than the defaults; for tests. */
  readonly timing?: Partial<RedisTiming>;
}
