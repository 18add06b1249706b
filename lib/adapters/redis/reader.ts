import type { Logger } from '../../ports/logger.js';
import type { Intake } from '../../ports/transport.js';
import { Connection, messageOf } from './connection.js';
import { entriesRead } from './entries.js';
import type { Handover } from './handover.js';
import { GROUP } from './keys.js';
import { Outage } from './outage.js';
import type { Partition } from './partition.js';
import { Rescue } from './rescue.js';
import type { Client } from './scripts.js';
import type { Gate, RedisTiming } from './timing.js';
import { jittered, pause } from './timing.js';

/** How long a blocking read is given to hear that it is over. */
const UNBLOCK_MS = 50;

/** What a reader works with. */
export interface ReaderContext {
  readonly intake: Intake;
  readonly partition: Partition;
  /** Ready streams of the worker's services in the partition, one at least. */
  readonly streams: readonly string[];
  /** How many streams are read for the worker in all partitions. */
  readonly streamsInAll: number;
  readonly handover: Handover;
  /** Opens when the worker may have capacity again, or stops. */
  readonly resumed: Gate;
  readonly timing: RedisTiming;
  readonly logger: Logger;
  /** Messages may have been lost. */
  lost(): void;
}

/**
 * Reads the ready streams of one partition, on a connection of its own, as long as the worker has capacity.
 *
 * A read that neither answers nor fails in time is given up with its connection: a half-open socket would let
 * the worker look alive for ever.
 */
export class Reader {
  /** Resolves when nothing more is read. */
  readonly ended: Promise<void>;
  readonly #connection: Connection;
  readonly #rescue: Rescue;
  readonly #outage: Outage;
  #clientId: number | undefined;
  #grouped = false;
  #stopping = false;

  constructor(private readonly context: ReaderContext) {
    const { intake, partition, streams, handover, resumed, timing, logger } = context;
    this.#outage = new Outage(`Reading ready streams of ${partition.name}`, logger);
    this.#rescue = new Rescue({
      connection: partition.commands,
      streams,
      consumer: intake.workerId,
      handover,
      resumed,
      outage: new Outage(`Looking after dead workers in ${partition.name}`, logger),
      timing,
    });
    const up = (client: Client, again: boolean): void => void this.#arrived(client, again);
    this.#connection = new Connection(partition.place, 'durable:intake', timing, { up }, 'owner watches');
    this.ended = this.#read();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.#rescue.stop(), this.#endRead()]);
  }

  /** Removes the worker's consumer, unless something is pending there. */
  leave(): Promise<void> {
    return this.#rescue.leave();
  }

  async #arrived(client: Client, again: boolean): Promise<void> {
    if (again) this.context.lost();
    this.#clientId = undefined;
    const id = await client.client('ID').catch(() => undefined);
    if (typeof id === 'number') this.#clientId = id;
  }

  async #read(): Promise<void> {
    const { handover, resumed } = this.context;
    while (!this.#stopping) {
      if (handover.room <= 0) await resumed.wait();
      else if (!this.#connection.ready) await this.#connection.untilReady();
      else await this.#readOnce();
    }
    this.#connection.close();
  }

  async #readOnce(): Promise<void> {
    try {
      if (!this.#grouped) await this.#group();
      this.context.handover.offer(entriesRead(await this.#blockingRead()));
      this.#outage.end();
    } catch (error) {
      await this.#failed(messageOf(error));
    }
  }

  #blockingRead(): Promise<unknown> {
    const { timing, intake, handover, streams, streamsInAll } = this.context;
    // The count is per stream: together they are to bring what there is room for.
    const count = Math.ceil(handover.room / streamsInAll);
    const pointers = streams.map(() => '>');
    const work = (client: Client): Promise<unknown> =>
      client.xreadgroup(
        ...(['GROUP', GROUP, intake.workerId, 'COUNT', count, 'BLOCK', timing.blockMs] as const),
        ...(['STREAMS', ...streams, ...pointers] as const),
      );
    return this.#connection.run(work, timing.blockMs + timing.overdueMs);
  }

  async #group(): Promise<void> {
    const { streams } = this.context;
    await this.#connection.run(client => client.durableGroup(streams.length, ...streams, GROUP));
    this.#grouped = true;
  }

  async #failed(reason: string): Promise<void> {
    if (isGroupGone(reason)) {
      this.#grouped = false;
      this.context.lost();
    } else if (this.#connection.ready && !this.#stopping) {
      this.#outage.begin(reason);
      await pause(jittered(this.context.timing.dueMs, 0.2));
    }
  }

  /** Ends the blocking read from the other connection: cutting it off could lose what it was about to bring. */
  async #endRead(): Promise<void> {
    let reading = true;
    const ended = this.ended.then(() => (reading = false));
    this.context.resumed.open();
    // Again and again: the first may come before the read that it is to end.
    while (reading) {
      if (this.#connection.ready) await this.#unblock();
      else this.#connection.close();
      await Promise.race([ended, pause(UNBLOCK_MS)]);
    }
  }

  async #unblock(): Promise<void> {
    const id = this.#clientId;
    if (id === undefined) return;
    const { commands } = this.context.partition;
    await commands.run(client => client.client('UNBLOCK', id)).catch(() => undefined);
  }
}

/** FLUSHALL took the group away, before the read or during it. */
function isGroupGone(reason: string): boolean {
  return reason.startsWith('NOGROUP') || reason.startsWith('UNBLOCKED');
}
