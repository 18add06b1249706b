import type { Logger } from '../../ports/logger.js';
import { Connection } from './connection.js';
import { DueMover } from './due-mover.js';
import { Keys } from './keys.js';
import { Outage } from './outage.js';
import { Outbox } from './outbox.js';
import type { Place, RedisSource } from './place.js';
import { slotOf } from './slots.js';
import type { RedisTiming } from './timing.js';

/** What a partition works with. */
export interface PartitionContext {
  readonly source: RedisSource;
  readonly namespace: string;
  readonly timing: RedisTiming;
  readonly logger: Logger;
  /** Its server can be used. `dropped` announcements were lost while it was away. */
  up(partition: Partition, dropped: number): void;
}

/**
 * What lies on one hash tag, and so on one server: some of the services, with what is ready and due of them. In a
 * Cluster each is on its own: a node that is away stops no other.
 */
export class Partition {
  readonly keys: Keys;
  /** The connection for everything but blocking reads and subscriptions. */
  readonly commands: Connection;
  readonly outbox: Outbox;
  readonly place: Place;
  /** How log lines call it. */
  readonly name: string;
  readonly #outage: Outage;
  #mover: DueMover | undefined;

  constructor(
    number: number,
    private readonly context: PartitionContext,
  ) {
    const { source, namespace, timing, logger } = context;
    this.keys = new Keys(namespace, number, source.keyPrefix);
    this.place = source.at(this.keys.due);
    this.name = source.isCluster ? `Redis Cluster at slot ${slotOf(this.keys.due)}` : 'Redis';
    this.#outage = new Outage(this.name, logger);
    const events = {
      up: () => context.up(this, this.#outage.end()),
      down: (reason: string) => this.#outage.begin(reason),
    };
    this.commands = new Connection(this.place, 'durable:commands', timing, events, 'ping');
    this.outbox = new Outbox(this.commands, this.keys, this.#outage);
  }

  /** Whether its server answers, and takes what it is told. */
  get works(): boolean {
    return this.commands.ready && !this.#outage.active;
  }

  /** Looks after its timers from now on. */
  move(): void {
    const outage = new Outage(`Moving what is due in ${this.name}`, this.context.logger);
    this.#mover ??= new DueMover(this.commands, this.keys, this.context.timing, outage);
  }

  /** Something of it will be due in so many milliseconds. */
  announced(inMs: number): void {
    this.#mover?.announced(inMs);
  }

  async close(): Promise<void> {
    await this.#mover?.stop();
    await this.outbox.drained();
    this.commands.close();
  }
}
