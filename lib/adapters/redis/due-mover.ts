import type { Connection } from './connection.js';
import { messageOf } from './connection.js';
import type { Keys } from './keys.js';
import type { Outage } from './outage.js';
import type { RedisTiming } from './timing.js';
import { jittered } from './timing.js';

/** Members that one look moves. */
const CHUNK = 256;
/** The shortest pause: timers that lie close together are moved together. */
const SHORTEST_MS = 5;
/** How far processes that wait for the same timer are spread. */
const SPREAD_MS = 5;

/**
 * Moves what is due from the sorted set to the ready streams. Every process with a worker does it; Redis's clock
 * decides. It looks again when Redis says that the next is due, after a second at the latest (another process
 * may have announced something earlier), and when this process announces something earlier.
 */
export class DueMover {
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Infinity;
  /** The earliest announcement during a look, in milliseconds from it on. */
  #earliest = Infinity;
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly timing: RedisTiming,
    private readonly outage: Outage,
  ) {
    this.#wakeIn(SHORTEST_MS);
  }

  /** Something will be due in so many milliseconds. */
  announced(inMs: number): void {
    if (!this.#looking) this.#wakeIn(inMs + SHORTEST_MS);
    else this.#earliest = Math.min(this.#earliest, inMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #wakeIn(ms: number): void {
    const at = performance.now() + ms;
    if (this.#stopped || at >= this.#wakeAt) return;
    this.#wakeAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, ms).unref();
  }

  async #look(): Promise<void> {
    this.#earliest = Infinity;
    const next = this.connection.ready ? await this.#move() : Infinity;
    this.#looking = undefined;
    this.#wakeAt = Infinity;
    this.#wakeIn(this.#pauseFor(Math.min(next, this.#earliest)));
  }

  /** Milliseconds until there is more to move. */
  async #move(): Promise<number> {
    const { connection, keys, outage } = this;
    try {
      const [moved, next] = await connection.run(client =>
        client.durableMove(keys.due, keys.readyPrefix, CHUNK),
      );
      outage.end();
      if (moved === CHUNK) return 0;
      return next < 0 ? Infinity : next;
    } catch (error) {
      if (connection.ready) outage.begin(messageOf(error));
      return Infinity;
    }
  }

  #pauseFor(ms: number): number {
    const longest = this.timing.dueMs;
    if (ms >= longest) return jittered(longest);
    return Math.max(SHORTEST_MS, ms) + Math.random() * SPREAD_MS;
  }
}
