import type { Redis, RedisOptions } from 'ioredis';
import { MissingPackageError } from '../../errors/package.errors.js';
import { RedisOptionError } from '../../errors/transport.errors.js';
import type { RedisAddress, RedisConnectionOptions, RedisLike } from './options.js';
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
 * @throws {RedisOptionError} `DURABLE_REDIS_OPTION`: no such address, or a Cluster.
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
    throw new RedisOptionError(
      'redis',
      'is a Cluster, which is not supported; give one server or Sentinels.',
    );
  }
  if (typeof options !== 'object') {
    throw new RedisOptionError('redis', 'is not an instance of ioredis; give one, or a URL, or options.');
  }
  return instance as unknown as Redis;
}

/** An instance that is never connected: it holds the options of those that are. */
async function template(address: string | RedisConnectionOptions, load: Load): Promise<Redis> {
  if (typeof address === 'string') checkUrl(address);
  const { Redis: Constructor } = (await loaded(load)) as { Redis: typeof Redis };
  const lazy = { lazyConnect: true } as const;
  return typeof address === 'string'
    ? new Constructor(address, lazy)
    : new Constructor({ ...address, ...lazy });
}

async function loaded(load: Load): ReturnType<Load> {
  try {
    return await load();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new MissingPackageError('ioredis', 'redis', error);
  }
}

/** ioredis takes what it cannot read for the path of a socket. The URL may hold a password: it is not repeated. */
function checkUrl(url: string): void {
  if (url.startsWith('/')) return;
  const valid = URL.canParse(url) && ['redis:', 'rediss:'].includes(new URL(url).protocol);
  if (valid) return;
  throw new RedisOptionError('redis', 'is no URL; it must be redis://…, rediss://… or the path of a socket.');
}
