import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../../scripts/servers.mjs';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { PATIENCE_MS } from './scene.js';

/** Replicas follow at once, and no file is rewritten behind a copy's back. */
const SETTINGS = { 'repl-diskless-sync-delay': '0', 'auto-aof-rewrite-percentage': '0' };
const APPEND_ONLY = 'appendonlydir';

/**
 * A Redis with a replica behind one address, which loses what it holds in the ways in which it does so in the field: by
 * order, with its disk, and at a switch-over to a replica that was cut off. (To be killed is none of them: what was
 * written to the file survives its process.)
 */
export class RedisPair {
  private constructor(
    private master: RedisServer,
    private replica: RedisServer,
    private readonly proxy: TcpProxy,
  ) {}

  static async start(): Promise<RedisPair> {
    const one = () => startRedis({ appendOnly: true, settings: SETTINGS });
    const [master, replica] = await Promise.all([one(), one()]);
    const pair = new RedisPair(master, replica, await TcpProxy.to(master.port));
    await pair.follow();
    return pair;
  }

  /** Where applications reach whichever is the master. */
  get url(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  /** Loses everything. */
  async flush(): Promise<void> {
    await this.ask(this.master, redis => redis.flushall());
  }

  /** Copies what the disk has now; what it gives restores that: all that came since is lost. */
  async backUp(): Promise<() => Promise<void>> {
    const copy = `${this.master.dataDir}-copy`;
    await this.ask(this.master, redis =>
      until(
        'no file is being written',
        async () => !/(rewrite|bgsave)_in_progress:1/.test(await redis.info()),
        PATIENCE_MS,
      ),
    );
    await rm(copy, { recursive: true, force: true });
    await cp(join(this.master.dataDir, APPEND_ONLY), copy, { recursive: true });
    return async () => {
      await this.master.kill();
      await rm(join(this.master.dataDir, APPEND_ONLY), { recursive: true });
      await cp(copy, join(this.master.dataDir, APPEND_ONLY), { recursive: true });
      await this.master.restart();
    };
  }

  /** Cuts the replica off; what it gives makes it the master: all that came since is lost. */
  async cut(): Promise<() => Promise<void>> {
    await this.followed();
    await this.ask(this.replica, redis => redis.replicaof('NO', 'ONE'));
    return async () => {
      [this.master, this.replica] = [this.replica, this.master];
      this.proxy.leadTo(this.master.port);
      await this.follow();
    };
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await Promise.all([this.master.stop(), this.replica.stop()]);
  }

  private async follow(): Promise<void> {
    await this.ask(this.replica, redis => redis.replicaof('127.0.0.1', this.master.port));
    await this.followed();
  }

  private followed(): Promise<void> {
    return this.ask(this.replica, redis =>
      until(
        'the replica follows',
        async () => (await redis.info()).includes('master_link_status:up'),
        PATIENCE_MS,
      ),
    );
  }

  private async ask<T>({ url }: RedisServer, question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(url);
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}
