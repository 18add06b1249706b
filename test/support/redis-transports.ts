import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { RedisTransportOptions } from '../../lib/adapters/redis/options.js';
import { createRedisTransport } from '../../lib/adapters/redis/redis-transport.js';
import type { RedisAddress } from '../../lib/options/redis-options.js';
import type { Transport } from '../../lib/ports/transport.js';
import { RecordingLogger } from './recording-logger.js';

/** The server of the tests that do not break it. */
export const SHARED_REDIS = process.env.DURABLE_TEST_REDIS ?? 'redis://127.0.0.1:6379';

/** Opens transports and plain connections in one namespace, and closes them all. */
export class RedisTransports {
  readonly namespace = `test-${randomUUID().slice(0, 13)}`;
  readonly logger = new RecordingLogger();
  readonly #transports: Transport[] = [];
  readonly #connections: Redis[] = [];

  /** @param address What transports are given, if that is not the URL. */
  constructor(
    readonly url = SHARED_REDIS,
    private readonly address: RedisAddress = url,
  ) {}

  /** What the key of a ready stream is. */
  streamOf(service: string): string {
    return `durable:{${this.namespace}:0}:ready:${service}`;
  }

  get dueKey(): string {
    return `durable:{${this.namespace}:0}:due`;
  }

  async open(options: Partial<RedisTransportOptions> = {}): Promise<Transport> {
    const { namespace, logger } = this;
    const transport = await createRedisTransport({ redis: this.address, namespace, logger, ...options });
    this.#transports.push(transport);
    return transport;
  }

  /** A connection of the test's own. */
  connect(): Redis {
    const connection = new Redis(this.url, { disconnectTimeout: 50 });
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    return connection;
  }

  /** Closes everything and deletes the keys of the namespace. */
  async clean(deleteKeys = true): Promise<void> {
    await Promise.all(this.#transports.splice(0).map(transport => transport.close()));
    if (deleteKeys) {
      const connection = this.connect();
      const keys = await connection.keys(`*durable:{${this.namespace}:0}:*`);
      if (keys.length > 0) await connection.del(...keys);
    }
    for (const connection of this.#connections.splice(0)) connection.disconnect();
  }
}
