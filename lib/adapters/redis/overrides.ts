import type { RedisOptions } from 'ioredis';

/**
 * What our connections need whatever the application's do. One is used until it fails and is then replaced by
 * `Connection`: ioredis itself neither reconnects, nor queues, nor sends anything twice.
 */
export const OVERRIDES: RedisOptions = {
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  blockingTimeout: undefined,
  commandTimeout: undefined,
  // Ours destroys what it leaves; ioredis 5 arms this timer even for a socket that is closed.
  disconnectTimeout: 100,
  enableAutoPipelining: false,
  enableOfflineQueue: false,
  enableReadyCheck: true,
  keyPrefix: '',
  lazyConnect: false,
  maxRetriesPerRequest: 0,
  monitor: false,
  readOnly: false,
  reconnectOnError: null,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  socketTimeout: undefined,
  stringNumbers: false,
};
