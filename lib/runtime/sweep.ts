import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Claimed, Store } from '../ports/store.js';
import { DueWork } from './due-work.js';
import { Periodic } from './periodic.js';
import type { Slots } from './slots.js';

/** How long announced work may be due before the sweep takes it: the announcement was lost, or nobody is free. */
const OVERDUE_SWEEPS = 2;
/** Bounds how often the sweep comes for what others are about to claim. */
const SHORTEST_SWEEP_MS = 20;

export interface SweepOptions {
  /** Milliseconds between two looks for due work that no announcement brought. */
  readonly sweepMs: number;
  readonly services: readonly string[];
}

/** The worker that sweeps. */
export interface Sweeper {
  /** Name under which it claims now. */
  workerId(): string;
  /** How many invocations it would claim now. */
  capacity(): number;
  /** Whether a server announces what is ready, also for other processes. */
  isPushed(): boolean;
  driveAll(claimed: readonly Claimed[]): Promise<void>;
  /** Slots have come free that were held for what was not found. */
  freed(): void;
}

/** Looks again and again for what is due: what nobody announces, and what announcements were lost of. */
export class Sweep {
  private readonly looking: Periodic;
  private readonly due: DueWork;
  private isBehind = true;

  constructor(
    private readonly options: SweepOptions,
    private readonly sweeper: Sweeper,
    private readonly slots: Slots,
    store: Pick<Store, 'claimDue'>,
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.looking = new Periodic('sweep', options.sweepMs, () => this.look(), clock, logger);
    this.due = new DueWork(store, clock);
  }

  /** Whether announcements may have been lost, so that everything due is looked for. */
  get catchingUp(): boolean {
    return this.isBehind;
  }

  start(): void {
    this.looking.start();
  }

  stop(): Promise<void> {
    return this.looking.stop();
  }

  /** Work was announced: no look is left out for a while. */
  stir(): void {
    this.due.stir();
  }

  /** Announcements may have been lost: everything due is looked for at the next look. */
  fallBehind(): void {
    this.isBehind = true;
    this.stir();
  }

  /** Looks for everything due, now. */
  catchUp(): void {
    this.fallBehind();
    void this.looking.now();
  }

  /** There is room again: for what the last look left, if it did. */
  goOn(): void {
    if (this.isBehind) void this.looking.now();
  }

  private async look(): Promise<void> {
    const { sweeper, slots } = this;
    const limit = sweeper.capacity();
    if (limit === 0) return;
    const isPushed = sweeper.isPushed();
    if (this.due.canWait(isPushed)) return;
    const { services, sweepMs } = this.options;
    const overdueMs = this.isBehind || !isPushed ? 0 : OVERDUE_SWEEPS * sweepMs;
    const workerId = sweeper.workerId();
    slots.hold(limit);
    try {
      const request = { workerId, services, limit, overdueMs, next: !isPushed };
      const { claimed, nextInMs } = await this.due.claim(request);
      this.isBehind = claimed.length === limit && (this.isBehind || !isPushed);
      // Where nobody announces what becomes due, the sweep comes in time for it.
      if (nextInMs !== undefined) this.looking.soon(Math.max(nextInMs, SHORTEST_SWEEP_MS));
      await sweeper.driveAll(claimed);
    } finally {
      slots.release(limit);
      sweeper.freed();
    }
  }
}
