import type { Cluster, Redis } from 'ioredis';
import { InvalidOptionError } from '../../errors/options.errors.js';
import type {
  RedisAddress,
  RedisClusterOptions,
  RedisLike,
  RedisOptions as GivenOptions,
} from '../../options/redis-options.js';
import { loadOptional } from '../shared/load-optional.js';
import { clusterSource } from './cluster-source.js';
import { OVERRIDES } from './overrides.js';
import type { Place, RedisSource } from './place.js';
import { withScripts } from './scripts.js';

type Load = () => Promise<{ readonly Redis: new (...args: never[]) => unknown }>;

/**
 * Makes ready to connect; connects nothing. ioredis is loaded only if no instance of a server is given.
 *
 * @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: no such address.
 * @throws {MissingPackageError} `DURABLE_MISSING_PACKAGE`: ioredis is not installed.
 */
export async function redisSource(
  address: RedisAddress,
  load: Load = () => import('ioredis'),
): Promise<RedisSource> {
  if (isCluster(address)) return clusterSource(address, await constructorOf(load));
  const base = isInstance(address) ? checked(address) : template(address, await constructorOf(load));
  const place: Place = {
    open: async name => withScripts(base.duplicate({ ...OVERRIDES, connectionName: name })),
    isElsewhere: message => message.startsWith('READONLY'),
  };
  return {
    keyPrefix: base.options.keyPrefix ?? '',
    partitions: 1,
    isCluster: false,
    at: () => place,
    anywhere: () => place,
  };
}

async function constructorOf(load: Load): Promise<typeof Redis> {
  const { Redis: Constructor } = await loadOptional(load, { package: 'ioredis', option: 'redis' });
  return Constructor as typeof Redis;
}

function isCluster(address: RedisAddress): address is (Cluster & RedisLike) | RedisClusterOptions {
  if (typeof address !== 'object') return false;
  if (isInstance(address)) return 'isCluster' in address && address.isCluster === true;
  return 'cluster' in address;
}

function isInstance(address: RedisAddress): address is RedisLike {
  return typeof address === 'object' && typeof address.duplicate === 'function';
}

function checked(instance: RedisLike): Redis {
  if (typeof (instance as Partial<Redis>).options === 'object') return instance as unknown as Redis;
  throw new InvalidOptionError(
    'redis',
    'is not an instance of ioredis',
    'an instance of ioredis, a URL, or options',
  );
}

/** An instance that is never connected: it holds the options of those that are. */
function template(address: string | GivenOptions, Constructor: typeof Redis): Redis {
  if (typeof address === 'string') checkUrl(address);
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
