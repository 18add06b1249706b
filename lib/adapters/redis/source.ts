import type { Redis, RedisOptions } from 'ioredis';
import { InvalidOptionError } from '../../errors/options.errors.js';
import type {
  RedisAddress,
  RedisLike,
  RedisOptions as GivenOptions,
} from '../../options/connection-options.js';
import { loadOptional } from '../shared/load-optional.js';
import type { Client } from './scripts.js';
import { withScripts } from './scripts.js';

/** Opens connections to one Redis. */
export interface RedisSource {
  readonly keyPrefix: string;
  /** A new connection, which is being made; once it is lost it does not come back. */
  open(name: string): Client;
}

type Load = () => Promise<{ readonly Redis: new (...args: never[]) => unknown }>;

/**
 * Makes ready to connect; connects nothing. ioredis is loaded only if no instance is given.
 *
 * @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: no such address, or a Cluster.
 * @throws {MissingPackageError} `DURABLE_MISSING_PACKAGE`: ioredis is not installed.
 */
export async function redisSource(
  address: RedisAddress,
  load: Load = () => import('ioredis'),
): Promise<RedisSource> {
  const base = isInstance(address) ? checked(address) : await template(address, load);
  return {
    keyPrefix: base.options.keyPrefix ?? '',
    open: name => withScripts(base.duplicate({ ...OVERRIDES, connectionName: name })),
  };
}

/**
 * What our connections need whatever the application's do. One is used until it fails and is then replaced by
 * {@link Connection}: ioredis itself neither reconnects, nor queues, nor sends anything twice.
 */
const OVERRIDES: RedisOptions = {
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

function isInstance(address: RedisAddress): address is RedisLike {
  return typeof address === 'object' && typeof address.duplicate === 'function';
}

function checked(instance: RedisLike): Redis {
  const { isCluster, options } = instance as Partial<Redis>;
  if (isCluster) {
    throw new InvalidOptionError(
      'redis',
      'is a Cluster, which is not supported yet',
      'one server, or Sentinels',
    );
  }
  if (typeof options !== 'object') {
    throw new InvalidOptionError(
      'redis',
      'is not an instance of ioredis',
      'an instance of ioredis, a URL, or options',
    );
  }
  return instance as unknown as Redis;
}

/** An instance that is never connected: it holds the options of those that are. */
async function template(address: string | GivenOptions, load: Load): Promise<Redis> {
  if (typeof address === 'string') checkUrl(address);
  const { Redis: Constructor } = (await loadOptional(load, { package: 'ioredis', option: 'redis' })) as {
    Redis: typeof Redis;
  };
  const lazy = { lazyConnect: true } as const;
  return typeof address === 'string'
    ? new Constructor(address, lazy)
    : new Constructor({ ...address, ...lazy });
}

/** ioredis takes what it cannot read for the path of a socket. The URL may hold a password: it is not repeated. */
function checkUrl(url: string): void {
  if (url.startsWith('/')) return;
  const valid = URL.canParse(url) && ['redis:', 'rediss:'].includes(new URL(url).protocol);
  if (valid) return;
  throw new InvalidOptionError('redis', 'is not a URL', 'redis://…, rediss://… or the path of a socket');
}
