import { InvalidOptionError } from '../errors/options.errors.js';
import { fields, integer, invalid, join, type Path } from './check.js';

/** Options of ioredis: `host`, `port`, `username`, `password`, `db`, `tls`, `sentinels`, `name`, `keyPrefix` … */
export interface RedisOptions {
  readonly [option: string]: unknown;
}

/** A node of a Redis Cluster. */
export interface RedisNode {
  /** Host name or address. */
  readonly host: string;
  /** @default 6379 */
  readonly port?: number;
}

/**
 * Which address a node is reached under, by the `host:port` that the Cluster names it with; what it does not name is
 * reached as it is. As ioredis takes it.
 */
export type NatMap =
  | Readonly<Record<string, { readonly host: string; readonly port: number }>>
  | ((address: string) => { readonly host: string; readonly port: number } | null | undefined);

/**
 * A Redis Cluster. The other options are those of ioredis for the connection to every node: `username`, `password`,
 * `tls`, `keyPrefix` …
 *
 * @example
 * DurableModule.forRoot({
 *   postgres,
 *   redis: { cluster: [{ host: '10.0.0.1' }, { host: '10.0.0.2' }], password },
 * })
 */
export interface RedisClusterOptions extends RedisOptions {
  /** Nodes to ask for the others. One that answers is enough. */
  readonly cluster: readonly RedisNode[];
  /** For a Cluster whose nodes have other addresses where the application runs. */
  readonly natMap?: NatMap;
}

/** An instance of ioredis, of whichever version the application has. Only duplicates of it are used. */
export interface RedisLike {
  readonly status: string;
  duplicate(...overrides: never[]): unknown;
}

/**
 * Where Redis is: a URL or the path of a socket, options of ioredis, the nodes of a Cluster, or an instance of ioredis
 * (`Redis` or `Cluster`).
 */
export type RedisAddress = string | RedisOptions | RedisClusterOptions | RedisLike;

const NODE: Readonly<Record<keyof RedisNode, true>> = { host: true, port: true };
const ALLOWED =
  'redis://…, rediss://…, the path of a socket, options of ioredis, { cluster: [{ host, port }] }, or an instance of it';

/** @throws InvalidOptionError */
export function resolveRedis(value: unknown, path: Path): RedisAddress {
  if (typeof value === 'string') {
    if (/^rediss?:\/\/./i.test(value) || value.startsWith('/')) return value;
    throw invalid(path, value, ALLOWED);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(path, value, ALLOWED);
  if (isRedis(value)) return value;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Another client's instance would pass for options that say nothing, and lead to localhost.
  if ('connect' in value || (prototype !== null && Object.hasOwn(prototype, 'quit'))) {
    throw new InvalidOptionError(path, 'is an instance of another client than ioredis', ALLOWED);
  }
  if (!('cluster' in value)) return Object.freeze({ ...value });
  return Object.freeze({ ...value, cluster: nodes(value.cluster, join(path, 'cluster')) });
}

function isRedis(value: object): value is RedisLike {
  return 'status' in value && 'duplicate' in value && typeof value.duplicate === 'function';
}

function nodes(value: unknown, path: Path): readonly RedisNode[] {
  const allowed = 'one node or more: { host, port }';
  if (!Array.isArray(value) || value.length === 0) throw invalid(path, value, allowed);
  return Object.freeze(value.map((node: unknown, at) => oneNode(node, join(path, `${at}`), allowed)));
}

function oneNode(value: unknown, path: Path, allowed: string): RedisNode {
  if (typeof value !== 'object' || value === null) throw invalid(path, value, allowed);
  const { host, port } = fields<RedisNode>(value, path, NODE);
  if (typeof host !== 'string' || host === '') {
    throw invalid(join(path, 'host'), host, 'a host name or an address');
  }
  return Object.freeze({ host, port: integer(port, join(path, 'port'), 1, 65_535, 6379) });
}
