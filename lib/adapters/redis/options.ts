import type { RedisAddress } from '../../options/redis-options.js';
import type { Logger } from '../../ports/logger.js';
import type { RedisTiming } from './timing.js';

/** What the Redis transport is made of. */
export interface RedisTransportOptions {
  /** Of an instance only duplicates are used, and it is never closed. */
  readonly redis: RedisAddress;
  /** Applications with the same namespace share their work. `A-Za-z0-9_.-`, 64 at the most. @default 'default' */
  readonly namespace?: string;
  readonly logger: Logger;
  /** Durations other than the defaults; for tests. */
  readonly timing?: Partial<RedisTiming>;
}
