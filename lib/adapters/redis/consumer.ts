import type { Logger } from '../../ports/logger.js';
import type { Consumer, Intake } from '../../ports/transport.js';
import type { Entry } from './entries.js';
import { grouped } from './grouped.js';
import { Handover } from './handover.js';
import type { Partition } from './partition.js';
import { Reader } from './reader.js';
import type { RedisTiming } from './timing.js';
import { Gate } from './timing.js';

/** What a consumer works with. */
export interface ConsumerContext {
  readonly intake: Intake;
  /** The partition that a service is in. */
  readonly partitionOf: (service: string) => Partition;
  readonly timing: RedisTiming;
  readonly logger: Logger;
}

/** Brings what is ready of a worker's services, from each of their partitions, and no more than it would take. */
export class RedisConsumer implements Consumer {
  /** Partitions by ready stream. */
  readonly #streams: ReadonlyMap<string, Partition>;
  readonly #handover: Handover;
  readonly #resumed = new Gate();
  readonly #readers: readonly Reader[];
  #stopping: Promise<void> | undefined;

  constructor(private readonly context: ConsumerContext) {
    const { intake, partitionOf, timing, logger } = context;
    this.#handover = new Handover(intake, entries => this.#forget(entries), logger);
    this.#streams = new Map(
      intake.services.map(service => {
        const partition = partitionOf(service);
        return [partition.keys.ready(service), partition];
      }),
    );
    const streamsInAll = this.#streams.size;
    const shared = { intake, streamsInAll, handover: this.#handover, resumed: this.#resumed, timing, logger };
    const byPartition = grouped(this.#streams, ([, partition]) => partition);
    this.#readers = [...byPartition].map(([partition, found]) => {
      const streams = found.map(([stream]) => stream);
      return new Reader({ ...shared, partition, streams, lost: () => this.lost() });
    });
    void Promise.all(this.#readers.map(({ ended }) => ended)).then(() => this.#giveBack());
  }

  resume(): void {
    this.#handover.resume();
    this.#resumed.open();
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /** Says that messages may have been lost. */
  lost(): void {
    if (!this.#stopping) this.context.intake.lost();
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#readers.map(reader => reader.stop()));
    await this.#handover.quiet();
    await Promise.all([...new Set(this.#streams.values())].map(({ outbox }) => outbox.drained()));
    await Promise.all(this.#readers.map(reader => reader.leave()));
  }

  async #forget(entries: readonly Entry[]): Promise<void> {
    this.resume();
    await Promise.all([...this.#apart(entries)].map(([partition, some]) => partition.outbox.taken(some)));
  }

  /** Lets other workers have what was read and not taken at once. */
  #giveBack(): void {
    for (const [{ keys, outbox }, entries] of this.#apart(this.#handover.release())) {
      outbox.ready(entries.map(({ stream, id }) => ({ id, service: keys.serviceOf(stream) })));
      void outbox.taken(entries);
    }
  }

  #apart(entries: readonly Entry[]): Map<Partition, Entry[]> {
    return grouped(entries, ({ stream }) => this.#streams.get(stream) as Partition);
  }
}
