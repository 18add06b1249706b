import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { InvalidOptionError } from '../../errors/options.errors.js';
import type { NatMap, RedisClusterOptions } from '../../options/redis-options.js';
import { ClusterMap, type NodeAddress } from './cluster-map.js';
import { destroy } from './connection.js';
import { OVERRIDES } from './overrides.js';
import type { Place, RedisSource } from './place.js';
import { withScripts } from './scripts.js';
import { slotOf } from './slots.js';
import { within } from './timing.js';

type RedisConstructor = new (options: RedisOptions) => Redis;

/** The same for every process of every version: who disagrees about it does not find what others announce. */
const PARTITIONS = 8;
/** How long one node may take to say which node has what. */
const ASK_MS = 1_000;

/** What a Cluster is reached by. */
interface ClusterAddress {
  readonly seeds: readonly NodeAddress[];
  /** For the connections to every node. */
  readonly node: RedisOptions;
  readonly natMap: NatMap | undefined;
  readonly keyPrefix: string;
}

/**
 * Connections to the nodes of a Redis Cluster: each leads to the one node that serves a key, and is replaced when
 * another one does. ioredis's own `Cluster` is not used for them: it would share one connection to a node between
 * blocking reads and all else, and send again what it cannot know to be lost.
 *
 * @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: an instance from which no node can be told.
 */
export function clusterSource(
  given: Cluster | RedisClusterOptions,
  Constructor: RedisConstructor,
): RedisSource {
  const { seeds, node, natMap, keyPrefix } = isCluster(given)
    ? ofInstance(given, Constructor)
    : ofOptions(given);
  const connect = (address: NodeAddress, options: RedisOptions): Redis =>
    new Constructor({ ...node, ...OVERRIDES, ...options, host: address.host, port: address.port, db: 0 });
  const map = new ClusterMap({
    seeds,
    ask: address => askSlots(options => connect(address, options)),
    ...(natMap && { natMap }),
  });
  const place = (find: () => Promise<NodeAddress>): Place => ({
    open: async name => withScripts(connect(await find(), { connectionName: name })),
    isElsewhere: message => /^(?:MOVED|READONLY)\b/.test(message),
  });
  return {
    keyPrefix,
    partitions: PARTITIONS,
    isCluster: true,
    at: key => place(() => map.ownerOf(slotOf(key))),
    anywhere: () => place(() => map.owner()),
  };
}

async function askSlots(connect: (options: RedisOptions) => Redis): Promise<unknown> {
  // The command waits in ioredis's queue until the connection is there, and fails with it.
  const redis = connect({ connectionName: 'durable:map', enableOfflineQueue: true, enableReadyCheck: false });
  redis.on('error', () => undefined);
  try {
    return await within(ASK_MS, redis.cluster('SLOTS'));
  } finally {
    destroy(redis);
  }
}

function isCluster(given: Cluster | RedisClusterOptions): given is Cluster {
  return 'isCluster' in given && given.isCluster === true;
}

function ofOptions({ cluster, natMap, ...node }: RedisClusterOptions): ClusterAddress {
  const { keyPrefix = '' } = node as RedisOptions;
  return { seeds: cluster.map(({ host, port = DEFAULT_PORT }) => ({ host, port })), node, natMap, keyPrefix };
}

/** The nodes that it knows by now, and those that it was made with. */
function ofInstance(instance: Cluster, Constructor: RedisConstructor): ClusterAddress {
  const { redisOptions = {}, natMap, keyPrefix = redisOptions.keyPrefix ?? '' } = instance.options;
  const { startupNodes } = instance as unknown as {
    readonly startupNodes?: readonly (string | number | NodeAddress)[];
  };
  const named = (startupNodes ?? []).map(node => addressOf(node, Constructor));
  const known = instance.nodes('all').map(({ options }) => options as NodeAddress);
  const seeds = [...known, ...named].map(({ host, port }) => ({ host, port }));
  if (seeds.length === 0) {
    throw new InvalidOptionError(
      'redis',
      'is a Cluster of which no node is known',
      'a Cluster with its nodes',
    );
  }
  return { seeds, node: redisOptions, natMap, keyPrefix };
}

/** As ioredis reads a start-up node: a port, a URL, or fields. */
function addressOf(node: string | number | NodeAddress, Constructor: RedisConstructor): NodeAddress {
  const Unconnected = Constructor as unknown as new (...args: unknown[]) => Redis;
  const probe = new Unconnected(node, { lazyConnect: true });
  const { host = '127.0.0.1', port = DEFAULT_PORT } = probe.options;
  return { host, port };
}

const DEFAULT_PORT = 6379;
