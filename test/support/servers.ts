import type { DurableModuleOptions } from '../../lib/index.js';
import { RedisTransports, SHARED_REDIS } from './redis-transports.js';
import { createScratchDatabase, type ScratchDatabase } from './scratch-database.js';

/** A database of a test file's own, and a namespace in Redis. */
export class Servers {
  private constructor(
    readonly database: ScratchDatabase,
    private readonly redis: RedisTransports,
  ) {}

  static async open(): Promise<Servers> {
    return new Servers(await createScratchDatabase(), new RedisTransports());
  }

  /** Where they are, for a module or a client proxy. */
  get address(): { postgres: string; redis: string; namespace: string } {
    return { postgres: this.database.url, redis: SHARED_REDIS, namespace: this.redis.namespace };
  }

  /** Options of a module on both. */
  with(options: DurableModuleOptions): DurableModuleOptions {
    return { ...this.address, ...options };
  }

  async close(): Promise<void> {
    await this.redis.clean();
    await this.database.drop();
  }
}
