import type { Clock } from '../ports/clock.js';
import type { ErrorCodec } from '../ports/codec.js';
import type { Logger } from '../ports/logger.js';
import type { Hint, Store } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import { Deadlines } from './deadlines.js';
import type { Messenger } from './messenger.js';
import { Periodic } from './periodic.js';
import type { WorkerLease } from './worker-lease.js';

export interface HousekeepingOptions {
  readonly leaseMs: number;
  readonly maxDeaths: number;
  readonly retentionMs: number | undefined;
}

export interface HousekeepingParts {
  readonly store: Store;
  readonly transport: Transport;
  readonly messenger: Messenger;
  readonly errors: ErrorCodec;
  readonly clock: Clock;
  readonly logger: Logger;
}

const REAP_LIMIT = 500;
const GO_ON_LIMIT = 1_000;
const PURGE_LIMIT = 1_000;
const PURGE_EVERY_MS = 60_000;
const MAINTAIN_EVERY_MS = 60_000;

/** What workers do for each other, and for the store: reap the dead, find strays, delete what is past its time. */
export class Housekeeping {
  private readonly reaping: Periodic;
  private readonly deadlines: Deadlines;
  private readonly chores: Pick<Periodic, 'start' | 'stop'>[];
  private readonly store: Store;
  private readonly transport: Transport;
  private readonly messenger: Messenger;
  private readonly logger: Logger;

  constructor(
    private readonly options: HousekeepingOptions,
    private readonly lease: WorkerLease,
    private readonly driving: () => string[],
    { store, transport, messenger, errors, clock, logger }: HousekeepingParts,
  ) {
    this.store = store;
    this.transport = transport;
    this.messenger = messenger;
    this.logger = logger;
    const { leaseMs, retentionMs } = options;
    const chore = (name: string, everyMs: number, work: () => Promise<void>): Periodic =>
      new Periodic(name, everyMs, work, clock, logger);
    this.reaping = chore('reaping of dead workers', Infinity, () => this.reap());
    this.deadlines = new Deadlines({ store, messenger, errors, clock, logger });
    this.chores = [
      this.reaping,
      this.deadlines,
      chore('look for what there is to do', leaseMs / 3, () => this.lookAround()),
      chore('search for stray claims', leaseMs, () => this.releaseStray()),
    ];
    if (retentionMs !== undefined) {
      const purge = (): Promise<void> => this.purge(retention, retentionMs);
      const retention = chore('retention', PURGE_EVERY_MS, purge);
      this.chores.push(retention);
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

  /** An invocation is being accepted that is to be over in so many milliseconds. */
  expectDeadline(inMs: number): void {
    this.deadlines.expect(inMs);
  }

  private async reap(): Promise<void> {
    const { maxDeaths } = this.options;
    await this.lease.assure();
    const { reaped, news } = await this.store.reap({ maxDeaths, limit: REAP_LIMIT });
    this.messenger.deliver(news);
    if (reaped.length === 0) return;
    this.logger.warn(`invocations of dead workers that are free again: ${reaped.length}`);
    this.messenger.ready(reaped.filter(one => one.status === 'scheduled'));
    for (const one of reaped) if (one.status === 'failed') this.transport.tell(one.origin, [one.id]);
    if (reaped.length === REAP_LIMIT) void this.reaping.now();
  }

  /** Has done what there is to do: most often that is nothing, and this one question is all that it costs. */
  private async lookAround(): Promise<void> {
    const { reap, stranded, unanswered, deadlineInMs } = await this.store.lookAround();
    if (reap) void this.reaping.now();
    if (deadlineInMs !== undefined) this.deadlines.expect(deadlineInMs);
    if (stranded || unanswered) await this.goOn(stranded, unanswered);
  }

  /** What a process left undone that died between a commit and what followed from it. */
  private async goOn(stranded: boolean, unanswered: boolean): Promise<void> {
    const freed = stranded ? await this.store.stranded(GO_ON_LIMIT) : [];
    const attached = unanswered ? await this.store.unanswered(GO_ON_LIMIT) : [];
    this.messenger.deliver({ awoken: [], freed, attached });
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

  private async purge(retention: Periodic, olderThanMs: number): Promise<void> {
    const purged = await this.store.purge({ olderThanMs, limit: PURGE_LIMIT });
    if (purged === PURGE_LIMIT) void retention.now();
  }
}
