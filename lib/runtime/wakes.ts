import type { Logger } from '../ports/logger.js';
import type { Awoken } from '../ports/store.js';
import type { Attempt } from './attempt.js';
import type { Restore } from './restore.js';

/** Brings what has arrived in the store to the attempts of this process that it is for. */
export class Wakes {
  private readonly counts = new Map<string, number>();
  /** Invocations that are being read, and whether something has arrived since. */
  private readonly beingRead = new Map<string, boolean>();

  /** @param find the attempt that drives an invocation here */
  constructor(
    private readonly find: (id: string) => Attempt | undefined,
    private readonly restore: Restore,
    private readonly logger: Logger,
  ) {}

  /** What these attempts do not know yet is asked for, together. */
  add(awoken: readonly Pick<Awoken, 'id' | 'wakes'>[]): void {
    for (const { id, wakes } of awoken) {
      if (this.beingRead.has(id)) this.beingRead.set(id, true);
      if (!this.find(id)) continue;
      // Not in this turn: it may be what an attempt of this process will tell itself.
      if (this.counts.size === 0) setImmediate(() => this.ask());
      this.counts.set(id, Math.max(wakes, this.counts.get(id) ?? 0));
    }
  }

  /** Reads what an attempt will go on with: what arrives meanwhile is asked for once it has begun. */
  async during(id: string, begin: () => Promise<void>): Promise<void> {
    this.keep(id);
    try {
      await begin();
    } finally {
      this.bring(id);
    }
  }

  /** From here on what arrives for an invocation is for the attempt that will have begun at {@link bring}. */
  keep(id: string): void {
    if (!this.beingRead.has(id)) this.beingRead.set(id, false);
  }

  /** It has begun, unless it does not: what has arrived meanwhile is asked for. */
  bring(id: string): void {
    const hasArrived = this.beingRead.get(id);
    this.beingRead.delete(id);
    if (hasArrived) this.add([{ id, wakes: Infinity }]);
  }

  private ask(): void {
    const counts = [...this.counts];
    this.counts.clear();
    for (const [id, count] of counts) {
      const attempt = this.find(id);
      if (attempt && attempt.wakes < count) void this.receive(id, attempt);
    }
  }

  private async receive(id: string, attempt: Attempt): Promise<void> {
    try {
      const inbox = await this.restore.inbox(id);
      if (inbox) attempt.receive(inbox);
    } catch (error) {
      // Once it lets go of its memory, the store finds that more has arrived than it knew of.
      this.logger.warn(`arrivals of ${id} could not be read: ${String(error)}`);
    }
  }
}
