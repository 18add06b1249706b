import { TransportClosedError } from '../../errors/transport.errors.js';
import type { Logger } from '../../ports/logger.js';
import type { DueHint, Hint } from '../../ports/store.js';
import type { Consumer, Intake, Transport, TransportHealth } from '../../ports/transport.js';
import { RedisConsumer } from './consumer.js';
import { grouped } from './grouped.js';
import { Keys } from './keys.js';
import type { RedisTransportOptions } from './options.js';
import { Partition } from './partition.js';
import type { RedisSource } from './place.js';
import { Results } from './results.js';
import { ServerCheck } from './server-check.js';
import { crc16 } from './slots.js';
import { redisSource } from './source.js';
import type { RedisTiming } from './timing.js';
import { DEFAULT_TIMING, within } from './timing.js';

/**
 * The transport over Redis, one server or a Cluster, for any number of processes.
 *
 * Resolves once it is connected, or when it is known that a server is away: that is logged, not thrown.
 *
 * @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: an option cannot be used.
 * @throws {MissingPackageError} `DURABLE_MISSING_PACKAGE`: ioredis is not installed.
 */
export async function createRedisTransport(options: RedisTransportOptions): Promise<Transport> {
  const { namespace = 'default', logger } = options;
  const source = await redisSource(options.redis);
  // Wrong names are refused before anything is connected.
  const keys = new Keys(namespace, 0, source.keyPrefix);
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const transport = new RedisTransport({ source, namespace, keys, timing, logger });
  await transport.started();
  return transport;
}

interface Context {
  readonly source: RedisSource;
  readonly namespace: string;
  /** Those of the first partition, for channels. */
  readonly keys: Keys;
  readonly timing: RedisTiming;
  readonly logger: Logger;
}

class RedisTransport implements Transport {
  readonly #partitions: readonly Partition[];
  readonly #results: Results;
  readonly #check: ServerCheck;
  readonly #consumers = new Set<RedisConsumer>();
  #closing: Promise<void> | undefined;

  constructor(private readonly context: Context) {
    const { source, timing, logger } = context;
    this.#check = new ServerCheck(source.isCluster, logger);
    const up = (partition: Partition, dropped: number): void => this.#up(partition, dropped);
    this.#partitions = Array.from(
      { length: source.partitions },
      (_, n) => new Partition(n, { ...context, up }),
    );
    this.#results = new Results(source.anywhere(), timing, logger);
  }

  /** Resolves when it is known whether the servers are there, or that they do not say. */
  async started(): Promise<void> {
    const known = Promise.all(this.#partitions.map(({ commands }) => commands.untilKnown()));
    await within(this.context.timing.answerMs, known).catch(() => undefined);
  }

  ready(hints: readonly Hint[]): void {
    if (this.#closing) return;
    for (const [{ outbox }, some] of this.#apart(hints)) outbox.ready(some);
  }

  due(hints: readonly DueHint[]): void {
    if (this.#closing) return;
    for (const [partition, some] of this.#apart(hints)) {
      partition.outbox.due(some);
      partition.announced(some.reduce((least, { dueInMs }) => Math.min(least, dueInMs), Infinity));
    }
  }

  tell(origin: string, ids: readonly string[]): void {
    if (this.#closing) return;
    // Any node passes it on: if the usual one is away, another does.
    const usual = this.#partitionOf(origin);
    const partition = usual.commands.ready ? usual : this.#partitions.find(({ commands }) => commands.ready);
    (partition ?? usual).outbox.tell(origin, ids);
  }

  async consume(intake: Intake): Promise<Consumer> {
    if (this.#closing) throw new TransportClosedError('bring work');
    const { timing, logger } = this.context;
    const partitionOf = (service: string): Partition => this.#partitionOf(service);
    const consumer = new RedisConsumer({ intake, partitionOf, timing, logger });
    this.#consumers.add(consumer);
    for (const service of intake.services) partitionOf(service).move();
    return consumer;
  }

  async onNews(origin: string, listener: (ids: readonly string[]) => void): Promise<() => Promise<void>> {
    if (this.#closing) throw new TransportClosedError('listen for results');
    return this.#results.listen(this.context.keys.news(origin), listener);
  }

  health(): TransportHealth {
    return { kind: 'redis', connected: this.#partitions.every(({ works }) => works) };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()));
    await Promise.all(this.#partitions.map(partition => partition.close()));
    this.#results.close();
  }

  #up(partition: Partition, dropped: number): void {
    if (dropped > 0) for (const consumer of this.#consumers) consumer.lost();
    void this.#check.check(partition.commands);
  }

  /** By the service's name alone, so that every process and version agrees. */
  #partitionOf(name: string): Partition {
    return this.#partitions[crc16(name) % this.#partitions.length] as Partition;
  }

  #apart<H extends Hint>(hints: readonly H[]): Iterable<readonly [Partition, readonly H[]]> {
    const [only, ...others] = this.#partitions as [Partition, ...Partition[]];
    if (others.length === 0) return [[only, hints]];
    return grouped(hints, ({ service }) => this.#partitionOf(service));
  }
}
