import { LocalTransport } from '../adapters/local/local-transport.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Transport } from '../ports/transport.js';

/** Opens the transport that the options ask for. The Redis one is loaded only then. */
export async function openTransport(
  options: ResolvedOptions,
  clock: Clock,
  logger: Logger,
): Promise<Transport> {
  const { redis, namespace } = options;
  if (redis === undefined) return new LocalTransport({ clock, logger });
  const { createRedisTransport } = await import('../adapters/redis/redis-transport.js');
  return createRedisTransport({ redis, namespace, logger });
}
