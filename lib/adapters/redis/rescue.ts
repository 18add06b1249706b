import type { Connection } from './connection.js';
import { messageOf } from './connection.js';
import { entriesOf } from './entries.js';
import type { Handover } from './handover.js';
import { GROUP } from './keys.js';
import type { Outage } from './outage.js';
import type { Gate, RedisTiming } from './timing.js';
import { jittered } from './timing.js';

/** Entries that one command takes over. */
const CHUNK = 100;
const BEGIN = '0-0';

/** What the housekeeping of a consumer works with. */
export interface RescueContext {
  readonly connection: Connection;
  readonly streams: readonly string[];
  readonly consumer: string;
  readonly handover: Handover;
  /** Opens when the worker may have capacity again, or stops. */
  readonly resumed: Gate;
  readonly outage: Outage;
  readonly timing: RedisTiming;
}

/**
 * Cleans up after workers that died: takes over what they read and did not take, and removes their consumers
 * once nothing is pending there.
 */
export class Rescue {
  #stopped = false;
  #timers: NodeJS.Timeout[] = [];
  #underWay: Promise<void>[] = [];

  constructor(private readonly context: RescueContext) {
    const { rescueMs, reapMs } = context.timing;
    this.#repeat(rescueMs, () => this.#claimAll());
    this.#repeat(reapMs, () => this.#reap());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.context.resumed.open();
    await Promise.all(this.#underWay);
  }

  /** Removes this consumer, unless something is pending there. */
  async leave(): Promise<void> {
    await this.#remove(this.context.consumer, 0).catch(() => undefined);
  }

  #repeat(ms: number, round: () => Promise<void>): void {
    const slot = this.#timers.length;
    const arm = (): void => {
      if (this.#stopped) return;
      this.#timers[slot] = setTimeout(
        () => {
          this.#underWay[slot] = this.#attempt(round).then(arm);
        },
        jittered(ms, 0.2),
      ).unref();
    };
    arm();
  }

  async #attempt(round: () => Promise<void>): Promise<void> {
    const { connection, outage } = this.context;
    if (!connection.ready) return;
    try {
      await round();
      outage.end();
    } catch (error) {
      if (connection.ready) outage.begin(messageOf(error));
    }
  }

  async #claimAll(): Promise<void> {
    for (const stream of this.context.streams) await this.#claim(stream);
  }

  /** Follows the cursor to the end, no faster than the worker takes. */
  async #claim(stream: string): Promise<void> {
    const { connection, consumer, handover, resumed, timing } = this.context;
    let cursor = BEGIN;
    do {
      while (handover.room <= 0 && !this.#stopped) await resumed.wait();
      if (this.#stopped) return;
      const count = Math.min(CHUNK, handover.room);
      const [next, entries] = await connection.run(client =>
        client.durableRescue(stream, GROUP, consumer, timing.rescueMs, cursor, count),
      );
      handover.offer(entriesOf(stream, entries));
      cursor = next;
    } while (cursor !== BEGIN);
  }

  async #reap(): Promise<void> {
    await this.#remove('', this.context.timing.reapIdleMs);
  }

  async #remove(consumer: string, idleMs: number): Promise<void> {
    const { connection, streams } = this.context;
    await connection.run(client => client.durableRemove(streams.length, ...streams, GROUP, consumer, idleMs));
  }
}
