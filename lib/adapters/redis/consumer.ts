import type { Logger } from '../../ports/logger.js';
import type { Consumer, Intake } from '../../ports/transport.js';
import { Connection, messageOf } from './connection.js';
import type { Entry } from './entries.js';
import { entriesRead } from './entries.js';
import { Handover } from './handover.js';
import type { Keys } from './keys.js';
import { GROUP } from './keys.js';
import { Outage } from './outage.js';
import type { Outbox } from './outbox.js';
import { Rescue } from './rescue.js';
import type { Client } from './scripts.js';
import type { RedisTiming } from './timing.js';
import { Gate, jittered, pause } from './timing.js';

/** How long a blocking read is given to hear that it is over. */
const UNBLOCK_MS = 50;

/** What a consumer works with. */
export interface ConsumerContext {
  readonly intake: Intake;
  readonly keys: Keys;
  /** The connection for everything but the blocking read. */
  readonly commands: Connection;
  readonly open: () => Client;
  readonly outbox: Outbox;
  readonly timing: RedisTiming;
  readonly logger: Logger;
}

/**
 * Reads the ready streams of a worker's services, on a connection of its own, as long as the worker has capacity.
 *
 * A read that neither answers nor fails in time is given up with its connection: a half-open socket would let
 * the worker look alive for ever.
 */
export class RedisConsumer implements Consumer {
  readonly #streams: readonly string[];
  readonly #connection: Connection;
  readonly #handover: Handover;
  readonly #rescue: Rescue;
  readonly #outage: Outage;
  readonly #resumed = new Gate();
  readonly #loop: Promise<void>;
  #clientId: number | undefined;
  #grouped = false;
  #stopping: Promise<void> | undefined;

  constructor(private readonly context: ConsumerContext) {
    const { intake, keys, commands, open, timing, logger, outbox } = context;
    this.#streams = intake.services.map(service => keys.ready(service));
    this.#handover = new Handover(intake, entries => this.#forget(entries), logger);
    this.#outage = new Outage('Reading ready streams of Redis', logger);
    this.#rescue = new Rescue({
      connection: commands,
      streams: this.#streams,
      consumer: intake.workerId,
      handover: this.#handover,
      resumed: this.#resumed,
      outage: new Outage('Looking after dead workers in Redis', logger),
      timing,
    });
    const up = (client: Client, again: boolean): void => void this.#arrived(client, again);
    this.#connection = new Connection(open, timing, { up }, 'owner watches');
    this.#loop = this.#read(outbox);
  }

  resume(): void {
    this.#handover.pump();
    this.#resumed.open();
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /** Says that messages may have been lost. */
  lost(): void {
    if (!this.#stopping) this.context.intake.lost();
  }

  async #arrived(client: Client, again: boolean): Promise<void> {
    if (again) this.lost();
    this.#clientId = undefined;
    const id = await client.client('ID').catch(() => undefined);
    if (typeof id === 'number') this.#clientId = id;
  }

  #forget(entries: readonly Entry[]): Promise<void> {
    this.resume();
    return this.context.outbox.taken(entries);
  }

  async #read(outbox: Outbox): Promise<void> {
    while (!this.#stopping) {
      if (this.#streams.length === 0 || this.#handover.room <= 0) await this.#resumed.wait();
      else if (!this.#connection.ready) await this.#connection.untilReady();
      else await this.#readOnce();
    }
    this.#connection.close();
    this.#giveBack(outbox);
  }

  async #readOnce(): Promise<void> {
    try {
      if (!this.#grouped) await this.#group();
      this.#handover.offer(entriesRead(await this.#blockingRead()));
      this.#outage.end();
    } catch (error) {
      await this.#failed(messageOf(error));
    }
  }

  #blockingRead(): Promise<unknown> {
    const { timing, intake } = this.context;
    // The count is per stream: together they are to bring what there is room for.
    const count = Math.ceil(this.#handover.room / this.#streams.length);
    const pointers = this.#streams.map(() => '>');
    const work = (client: Client): Promise<unknown> =>
      client.xreadgroup(
        ...(['GROUP', GROUP, intake.workerId, 'COUNT', count, 'BLOCK', timing.blockMs] as const),
        ...(['STREAMS', ...this.#streams, ...pointers] as const),
      );
    return this.#connection.run(work, timing.blockMs + timing.overdueMs);
  }

  async #group(): Promise<void> {
    await this.#connection.run(client => client.durableGroup(this.#streams.length, ...this.#streams, GROUP));
    this.#grouped = true;
  }

  async #failed(reason: string): Promise<void> {
    if (isGroupGone(reason)) {
      this.#grouped = false;
      this.lost();
    } else if (this.#connection.ready && !this.#stopping) {
      this.#outage.begin(reason);
      await pause(jittered(this.context.timing.dueMs, 0.2));
    }
  }

  async #stop(): Promise<void> {
    await Promise.all([this.#rescue.stop(), this.#endRead()]);
    await this.#handover.quiet();
    await this.context.outbox.drained();
    await this.#rescue.leave();
  }

  /** Ends the blocking read from the other connection: cutting it off could lose what it was about to bring. */
  async #endRead(): Promise<void> {
    let reading = true;
    const ended = this.#loop.then(() => (reading = false));
    this.#resumed.open();
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
    await this.context.commands.run(client => client.client('UNBLOCK', id)).catch(() => undefined);
  }

  /** Lets other workers have what was read and not taken at once. */
  #giveBack(outbox: Outbox): void {
    const entries = this.#handover.release();
    const { keys } = this.context;
    outbox.ready(entries.map(({ stream, id }) => ({ id, service: keys.serviceOf(stream) })));
    void outbox.taken(entries);
  }
}

/** FLUSHALL took the group away, before the read or during it. */
function isGroupGone(reason: string): boolean {
  return reason.startsWith('NOGROUP') || reason.startsWith('UNBLOCKED');
}
