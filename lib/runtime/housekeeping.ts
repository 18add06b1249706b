import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Hint, Store } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import { Periodic } from './periodic.js';
import type { WorkerLease } from './worker-lease.js';

export interface HousekeepingOptions {
  readonly leaseMs: number;
  readonly maxDeaths: number;
  readonly retentionMs: number | undefined;
}

const REAP_LIMIT = 500;
const PURGE_LIMIT = 1_000;
const PURGE_EVERY_MS = 60_000;
const MAINTAIN_EVERY_MS = 60_000;

/** What workers do for each other, and for the store: reap the dead, find strays, delete what is past its time. */
export class Housekeeping {
  private readonly reaping: Periodic;
  private readonly chores: Periodic[];

  constructor(
    private readonly options: HousekeepingOptions,
    private readonly lease: WorkerLease,
    private readonly driving: () => string[],
    private readonly store: Store,
    private readonly transport: Transport,
    clock: Clock,
    private readonly logger: Logger,
  ) {
    const { leaseMs, retentionMs } = options;
    const chore = (name: string, everyMs: number, work: () => Promise<void>): Periodic =>
      new Periodic(name, everyMs, work, clock, logger);
    this.reaping = chore('reaping of dead workers', leaseMs / 3, () => this.reap());
    this.chores = [this.reaping, chore('search for stray claims', leaseMs, () => this.releaseStray())];
    if (retentionMs !== undefined) {
      this.chores.push(chore('retention', PURGE_EVERY_MS, () => this.purge(retentionMs)));
    }
    if (store.maintain)
      this.chores.push(chore('maintenance of the store', MAINTAIN_EVERY_MS, () => store.maintain!()));
  }

  start(): void {
    for (const chore of this.chores) chore.start();
    // Whoever starts may be the successor of one that died: what that one left goes on at once.
    void this.reaping.now();
  }

  async stop(): Promise<void> {
    await Promise.all(this.chores.map(chore => chore.stop()));
  }

  private async reap(): Promise<void> {
    const { maxDeaths } = this.options;
    await this.lease.assure();
    for (let found = REAP_LIMIT; found === REAP_LIMIT;) {
      const reaped = await this.store.reap({ maxDeaths, limit: REAP_LIMIT });
      found = reaped.length;
      if (found === 0) return;
      this.logger.warn(`invocations of dead workers that are free again: ${found}`);
      this.transport.ready(reaped.filter(one => one.status === 'scheduled'));
      for (const one of reaped) if (one.status === 'failed') this.transport.finished(one.origin, [one.id]);
    }
  }

  private async releaseStray(): Promise<void> {
    const { workerId } = this.lease;
    const stray = await this.store.releaseStray({
      workerId,
      driving: this.driving(),
      olderThanMs: this.options.leaseMs,
    });
    if (stray.length > 0) this.announce(stray);
  }

  private announce(stray: readonly Hint[]): void {
    this.logger.warn(
      `${stray.length} invocations were claimed by answers that got lost; they are free again`,
    );
    this.transport.ready(stray);
  }

  private async purge(olderThanMs: number): Promise<void> {
    while ((await this.store.purge({ olderThanMs, limit: PURGE_LIMIT })) === PURGE_LIMIT);
  }
}
