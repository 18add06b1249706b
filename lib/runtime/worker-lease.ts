import { hostname } from 'node:os';
import type { Clock } from '../ports/clock.js';
import type { Subscription } from '../ports/events.js';
import type { Logger } from '../ports/logger.js';
import type { Declarations } from '../ports/schedules.js';
import type { Store } from '../ports/store.js';
import { incarnationOf } from './incarnation.js';
import { Periodic } from './periodic.js';
import type { StepBodies } from './step-bodies.js';

/** Whose lease it is. */
export interface LeaseOwner {
  /** Name of the process, unique. */
  readonly name: string;
  readonly services: readonly string[];
  readonly subscriptions: readonly Subscription[];
  /** Schedules that its code declares. */
  readonly schedules?: Declarations;
  /** Milliseconds without a renewal after which the worker counts as dead. */
  readonly leaseMs: number;
}

export interface LeaseParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bodies: StepBodies;
}

/** What becomes of a lease. */
export interface LeaseEvents {
  /** Everything that was claimed under it has been given away. */
  lost(): void;
  /** There is a new one, under another name. */
  regained(): void;
}

/**
 * The lease of a worker: while it renews in time, what it claimed is its own.
 *
 * One row per worker and one write per third of the lease, however many invocations it drives. When it comes
 * too late the store has given everything away; the worker hears it at its next renewal and starts anew under
 * another name, so that nothing of the old one can be taken for its own.
 */
export class WorkerLease {
  private incarnation = 1;
  private registered = false;
  private renewedAt = 0;
  private readonly renewal: Periodic;

  constructor(
    private readonly owner: LeaseOwner,
    private readonly store: Store,
    private readonly events: LeaseEvents,
    private readonly parts: LeaseParts,
  ) {
    const { clock, logger } = parts;
    this.renewal = new Periodic('renewal of the lease', owner.leaseMs / 3, () => this.renew(), clock, logger);
  }

  /** Name under which invocations are claimed now. */
  get workerId(): string {
    return incarnationOf(this.owner.name, this.incarnation);
  }

  /** Whether something may be claimed under the name. */
  get isHeld(): boolean {
    return this.registered;
  }

  async start(): Promise<void> {
    await this.register();
    this.renewal.start();
  }

  /** Ends the lease: what is still claimed under it is free at once. */
  async stop(): Promise<void> {
    await this.renewal.stop();
    await this.store.deregister(this.workerId).catch((error: unknown) => {
      this.parts.logger.warn(`worker ${this.workerId} keeps its lease until it runs out: ${String(error)}`);
    });
  }

  /** Sees to it that it was renewed lately, so that this process does not take itself for dead. */
  async assure(): Promise<void> {
    if (this.parts.clock.monotonic() - this.renewedAt > this.owner.leaseMs / 2) await this.renewal.now();
  }

  private async renew(): Promise<void> {
    if (this.registered && (await this.isRenewed())) return;
    if (this.registered) this.lose();
    await this.register();
    this.events.regained();
  }

  private async isRenewed(): Promise<boolean> {
    const at = this.parts.clock.monotonic();
    if ((await this.store.renew(this.workerId, this.owner.leaseMs)) === 'fenced') return false;
    this.renewedAt = at;
    this.parts.bodies.takeBlocked();
    return true;
  }

  private lose(): void {
    const { leaseMs } = this.owner;
    const blocked = this.parts.bodies.takeBlocked();
    const meanwhile = blocked === undefined ? '' : ` Meanwhile ran ${blocked}`;
    this.parts.logger.warn(
      `worker ${this.workerId} renewed its lease too late and lost it: its attempts are given up (was the event loop blocked, or the process stopped, for more than ${leaseMs} ms?${meanwhile})`,
    );
    this.registered = false;
    this.incarnation++;
    this.events.lost();
  }

  private async register(): Promise<void> {
    const { workerId } = this;
    const { services, subscriptions, schedules = {}, leaseMs } = this.owner;
    const at = this.parts.clock.monotonic();
    const worker = { id: workerId, host: hostname(), pid: process.pid };
    await this.store.register({ ...worker, services, subscriptions, schedules }, leaseMs);
    this.renewedAt = at;
    this.registered = true;
  }
}
