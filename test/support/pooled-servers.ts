import {
  type PgBouncerServer,
  type RedisCluster,
  startPgBouncer,
  startRedisCluster,
} from '../../scripts/servers.mjs';

const SERVER = process.env.DURABLE_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Why there is no PgBouncer here, if there is none. `npm test` says so; `DURABLE_TEST_FULL=1` fails without it. */
export const NO_PGBOUNCER = process.env.DURABLE_TEST_NO_PGBOUNCER;

/** PgBouncer in transaction mode before the test server, and a Redis Cluster of its own. */
export class PooledServers {
  private constructor(
    readonly pooler: PgBouncerServer,
    readonly cluster: RedisCluster,
  ) {}

  /** @param poolSize Connections that the pooler has to each database at the most. */
  static async start(poolSize: number): Promise<PooledServers> {
    const cluster = await startRedisCluster();
    try {
      return new PooledServers(await startPgBouncer({ postgres: SERVER, poolSize }), cluster);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The option of a module. */
  get redis(): { cluster: RedisCluster['addresses'] } {
    return { cluster: this.cluster.addresses };
  }

  /** A database of the test server, seen through the pooler. */
  urlOf(database: string): string {
    const url = new URL(this.pooler.url);
    url.pathname = `/${database}`;
    return url.href;
  }

  async stop(): Promise<void> {
    await Promise.all([this.pooler.stop(), this.cluster.stop()]);
  }
}
