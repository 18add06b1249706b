import type { Logger } from '../../ports/logger.js';

/** One log line when something stops working, one when it works again. */
export class Outage {
  #since: number | undefined;
  #lost = 0;

  /** @param what Begins both lines: `Redis`, `Reading ready streams`. */
  constructor(
    private readonly what: string,
    private readonly logger: Logger,
  ) {}

  get active(): boolean {
    return this.#since !== undefined;
  }

  begin(reason: string): void {
    if (this.active) return;
    this.#since = performance.now();
    this.logger.warn(
      `${this.what} does not work (${reason}). The sweep of the store takes over, more slowly.`,
    );
  }

  /** Counts announcements that were dropped. */
  lose(count: number): void {
    this.#lost += count;
  }

  /** The number of announcements dropped since it was last over. */
  end(): number {
    const lost = this.#lost;
    this.#lost = 0;
    if (this.#since === undefined) return lost;
    const seconds = ((performance.now() - this.#since) / 1_000).toFixed(1);
    this.#since = undefined;
    const dropped = lost > 0 ? `; ${lost} announcements were dropped` : '';
    this.logger.log(`${this.what} works again after ${seconds} s${dropped}.`);
    return lost;
  }
}
