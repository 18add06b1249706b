import { TransportClosedError } from '../../errors/transport.errors.js';
import type { Logger } from '../../ports/logger.js';
import type { DueHint, Hint } from '../../ports/store.js';
import type { Consumer, Intake, Transport, TransportHealth } from '../../ports/transport.js';
import { Connection } from './connection.js';
import { RedisConsumer } from './consumer.js';
import { DueMover } from './due-mover.js';
import { Keys } from './keys.js';
import { Outage } from './outage.js';
import { Outbox } from './outbox.js';
import { Results } from './results.js';
import type { Client } from './scripts.js';
import { checkServer } from './server-check.js';
import type { RedisTransportOptions } from './options.js';
import type { RedisSource } from './source.js';
import { redisSource } from './source.js';
import type { RedisTiming } from './timing.js';
import { DEFAULT_TIMING, within } from './timing.js';

/**
 * The transport over Redis, for any number of processes.
 *
 * Resolves once it is connected, or when it is known that the server is away: that is logged, not thrown.
 *
 * @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: an option cannot be used.
 * @throws {MissingPackageError} `DURABLE_MISSING_PACKAGE`: ioredis is not installed.
 */
export async function createRedisTransport(options: RedisTransportOptions): Promise<Transport> {
  const source = await redisSource(options.redis);
  const keys = new Keys(options.namespace ?? 'default', source.keyPrefix);
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const transport = new RedisTransport(source, keys, timing, options.logger);
  await transport.started();
  return transport;
}

class RedisTransport implements Transport {
  readonly #commands: Connection;
  readonly #outage: Outage;
  readonly #outbox: Outbox;
  readonly #results: Results;
  readonly #consumers = new Set<RedisConsumer>();
  #mover: DueMover | undefined;
  #checked = false;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly source: RedisSource,
    private readonly keys: Keys,
    private readonly timing: RedisTiming,
    private readonly logger: Logger,
  ) {
    this.#outage = new Outage('Redis', logger);
    const events = { up: () => this.#up(), down: (reason: string) => this.#outage.begin(reason) };
    this.#commands = new Connection(() => this.#open('commands'), timing, events, 'ping');
    this.#outbox = new Outbox(this.#commands, keys, this.#outage);
    this.#results = new Results(() => this.#open('results'), timing, logger);
  }

  /** Resolves when it is known whether the server is there, or that it does not say. */
  async started(): Promise<void> {
    await within(this.timing.answerMs, this.#commands.untilKnown()).catch(() => undefined);
  }

  ready(hints: readonly Hint[]): void {
    if (!this.#closing) this.#outbox.ready(hints);
  }

  due(hints: readonly DueHint[]): void {
    if (this.#closing) return;
    this.#outbox.due(hints);
    this.#mover?.announced(hints.reduce((least, { dueInMs }) => Math.min(least, dueInMs), Infinity));
  }

  finished(origin: string, ids: readonly string[]): void {
    if (!this.#closing) this.#outbox.finished(origin, ids);
  }

  async consume(intake: Intake): Promise<Consumer> {
    if (this.#closing) throw new TransportClosedError('bring work');
    const consumer = new RedisConsumer({
      intake,
      keys: this.keys,
      commands: this.#commands,
      open: () => this.#open('intake'),
      outbox: this.#outbox,
      timing: this.timing,
      logger: this.logger,
    });
    this.#consumers.add(consumer);
    this.#mover ??= this.#newMover();
    return consumer;
  }

  async onFinished(origin: string, listener: (ids: readonly string[]) => void): Promise<() => Promise<void>> {
    if (this.#closing) throw new TransportClosedError('listen for results');
    return this.#results.listen(this.keys.finished(origin), listener);
  }

  health(): TransportHealth {
    return { kind: 'redis', connected: this.#commands.ready && !this.#outage.active };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()));
    await this.#mover?.stop();
    await this.#outbox.drained();
    this.#results.close();
    this.#commands.close();
  }

  #up(): void {
    const dropped = this.#outage.end();
    if (dropped > 0) for (const consumer of this.#consumers) consumer.lost();
    if (this.#checked) return;
    this.#checked = true;
    void checkServer(this.#commands, this.logger);
  }

  #newMover(): DueMover {
    const outage = new Outage('Moving what is due in Redis', this.logger);
    return new DueMover(this.#commands, this.keys, this.timing, outage);
  }

  #open(purpose: string): Client {
    return this.source.open(`durable:${purpose}`);
  }
}
