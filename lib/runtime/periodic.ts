import type { Cancel, Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';

/** Something that is done again and again, never twice at once. */
export class Periodic {
  private cancel: Cancel | undefined;
  private expedited: Cancel | undefined;
  /** By the clock of this process. */
  private expeditedAt = Infinity;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = true;

  /**
   * @param name what the log calls it
   * @param everyMs milliseconds between the end of one and the start of the next; spread by a tenth, so that
   *   many processes do not move in step. `Infinity`: it is done when it is asked for, and only then
   */
  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Whether it is done no more. */
  get isStopped(): boolean {
    return this.stopped;
  }

  start(): void {
    this.stopped = false;
    this.schedule();
  }

  /**
   * Does it now, or once more when it is being done already. Resolves when that is through. Work that is more than one
   * round asks for the next one in this way, so that it ends with {@link stop}.
   */
  async now(): Promise<void> {
    if (this.stopped) return;
    this.again = true;
    await (this.running ??= this.run());
  }

  /** Does it in `ms` milliseconds, also if it is done meanwhile; where two are asked for, at the sooner one. */
  soon(ms: number): void {
    const at = this.clock.monotonic() + ms;
    if (this.stopped || ms >= this.everyMs || at >= this.expeditedAt) return;
    this.expedited?.();
    this.expeditedAt = at;
    this.expedited = this.clock.roughlyAfter(ms, () => {
      this.expeditedAt = Infinity;
      void this.now();
    });
  }

  /** Does it no more; resolves when the last one is through. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.again = false;
    this.cancel?.();
    this.expedited?.();
    await this.running;
  }

  private async run(): Promise<void> {
    this.cancel?.();
    while (this.again) {
      this.again = false;
      try {
        await this.work();
      } catch (error) {
        const again = this.isOnDemand ? 'later' : `in ${this.everyMs} ms`;
        this.logger.warn(`${this.name} failed, it is tried again ${again}: ${String(error)}`);
      }
    }
    this.running = undefined;
    if (!this.stopped) this.schedule();
  }

  private get isOnDemand(): boolean {
    return this.everyMs === Infinity;
  }

  private schedule(): void {
    if (this.isOnDemand) return;
    const spread = this.everyMs * (0.95 + Math.random() * 0.1);
    this.cancel = this.clock.roughlyAfter(spread, () => void this.now());
  }
}
