import type { Logger } from '../../ports/logger.js';
import type { Intake } from '../../ports/transport.js';
import { messageOf } from './connection.js';
import type { Entry } from './entries.js';
import { Gate } from './timing.js';

/**
 * Between what was read and the worker: hands over no more than it can take, keeps the rest for when it can, and
 * tells which entries the streams may forget.
 */
export class Handover {
  readonly #waiting: Entry[] = [];
  /** Entries that wait, are being taken, or whose streams do not know yet that they were: not new if found again. */
  readonly #held = new Set<string>();
  #takes = 0;
  #pumping = false;
  readonly #quiet = new Gate();

  constructor(
    private readonly intake: Intake,
    private readonly taken: (entries: readonly Entry[]) => Promise<void>,
    private readonly logger: Logger,
  ) {}

  /** How many entries may be read now. */
  get room(): number {
    return this.intake.capacity() - this.#waiting.length;
  }

  /** Takes in what was read; returns at once. */
  offer(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const name = nameOf(entry);
      if (this.#held.has(name)) continue;
      this.#held.add(name);
      this.#waiting.push(entry);
    }
    this.#pump();
  }

  /** Hands over what waits in the next turn of the event loop: capacity that comes in one turn is one claim. */
  resume(): void {
    if (this.#pumping || this.#waiting.length === 0) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Lets go of what waits, and returns it. */
  release(): Entry[] {
    const entries = this.#waiting.splice(0);
    this.#drop(entries);
    return entries;
  }

  /** Resolves when the worker takes nothing any more. */
  async quiet(): Promise<void> {
    while (this.#takes > 0) await this.#quiet.wait();
  }

  #pump(): void {
    const count = Math.min(this.#waiting.length, this.intake.capacity());
    if (count > 0) void this.#take(this.#waiting.splice(0, count));
  }

  async #take(entries: readonly Entry[]): Promise<void> {
    this.#takes += 1;
    try {
      const ids = entries.map(({ id }) => id).filter(id => id !== '');
      if (ids.length > 0) await this.intake.take(ids);
      void this.taken(entries).then(() => this.#drop(entries));
    } catch (error) {
      // Not acknowledged: some worker finds them again among the pending entries.
      this.logger.error(`A worker failed to take ${entries.length} ids: ${messageOf(error)}`);
      this.#drop(entries);
    }
    this.#takes -= 1;
    if (this.#takes === 0) this.#quiet.open();
  }

  #drop(entries: readonly Entry[]): void {
    for (const entry of entries) this.#held.delete(nameOf(entry));
  }
}

function nameOf({ stream, entry }: Entry): string {
  return `${stream} ${entry}`;
}
