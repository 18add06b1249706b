import { hostname } from 'node:os';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';
import { Periodic } from './periodic.js';

/**
 * The lease of a worker: while it renews in time, what it claimed is its own.
 *
 * One row per worker and one write per third of the lease, however many invocations it drives. When it comes
 * too late the store has given everything away; the worker hears it at its next renewal and starts anew under
 * another name, so that nothing of the old one can be taken for its own.
 */
export class WorkerLease {
  private incarnation = 1;
  private readonly renewal: Periodic;

  /** @param onLost called when everything that was claimed under the name has been given away */
  constructor(
    private readonly name: string,
    private readonly services: readonly string[],
    private readonly leaseMs: number,
    private readonly store: Store,
    private readonly onLost: () => void,
    clock: Clock,
    private readonly logger: Logger,
  ) {
    this.renewal = new Periodic('renewal of the lease', leaseMs / 3, () => this.renew(), clock, logger);
  }

  /** Name under which invocations are claimed now. */
  get workerId(): string {
    return this.incarnation === 1 ? this.name : `${this.name}.${this.incarnation}`;
  }

  async start(): Promise<void> {
    await this.register();
    this.renewal.start();
  }

  /** Ends the lease: what is still claimed under it is free at once. */
  async stop(): Promise<void> {
    await this.renewal.stop();
    await this.store.deregister(this.workerId);
  }

  private async renew(): Promise<void> {
    if ((await this.store.renew(this.workerId, this.leaseMs)) === 'ok') return;
    this.logger.warn(
      `worker ${this.workerId} renewed its lease too late and lost it: its attempts are given up (was the event loop blocked, or the process stopped, for more than ${this.leaseMs} ms?)`,
    );
    this.incarnation++;
    this.onLost();
    await this.register();
  }

  private register(): Promise<void> {
    const { workerId, services } = this;
    return this.store.register({ id: workerId, host: hostname(), pid: process.pid, services }, this.leaseMs);
  }
}
