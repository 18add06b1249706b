import { Redis } from 'ioredis';
import type { RedisCluster } from '../../scripts/servers.mjs';

/** A test's own connections to every node of a Cluster. */
export class ClusterNodes {
  readonly #connections: readonly Redis[];

  constructor(readonly cluster: RedisCluster) {
    this.#connections = cluster.addresses.map(address => {
      const redis = new Redis({ ...address, disconnectTimeout: 50, retryStrategy: () => 50 });
      redis.on('error', () => undefined);
      return redis;
    });
  }

  get all(): readonly Redis[] {
    return this.#connections;
  }

  /** The number of the node that has a slot. */
  async ownerOf(slot: number): Promise<number> {
    const rows = await (this.#connections[0] as Redis).cluster('SLOTS');
    const row = rows.find(([first, last]) => first <= slot && slot <= last);
    return this.cluster.nodes.findIndex(({ port }) => port === row?.[2]?.[1]);
  }

  /** How often a node answered with an error of that name. */
  async errors(name: string): Promise<number> {
    const infos = await Promise.all(this.#connections.map(redis => redis.info('errorstats')));
    const counts = infos.map(
      info => new RegExp(`^errorstat_${name}:count=(\\d+)`, 'm').exec(info)?.[1] ?? '0',
    );
    return counts.reduce((sum, count) => sum + Number(count), 0);
  }

  /** Moves a slot with its keys to another node, as resharding does. */
  async move(slot: number, to: number): Promise<void> {
    const from = await this.ownerOf(slot);
    const [source, target] = [this.#connections[from], this.#connections[to]] as [Redis, Redis];
    const [sourceId, targetId] = [String(await source.cluster('MYID')), String(await target.cluster('MYID'))];
    await target.cluster('SETSLOT', slot, 'IMPORTING', sourceId);
    await source.cluster('SETSLOT', slot, 'MIGRATING', targetId);
    const { host, port } = this.cluster.addresses[to] as { host: string; port: number };
    for (;;) {
      const keys = await source.cluster('GETKEYSINSLOT', slot, 100);
      if (keys.length === 0) break;
      for (const key of keys) await source.call('MIGRATE', host, port, key, 0, 5_000);
    }
    for (const redis of [target, source, ...this.#connections]) {
      await redis.cluster('SETSLOT', slot, 'NODE', targetId);
    }
  }

  disconnect(): void {
    for (const redis of this.#connections) redis.disconnect();
  }
}
