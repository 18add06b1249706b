import { DuplicateScheduleError } from '../errors/index.js';
import { slotsOf, timingOf } from '../options/slots.js';
import type { DeclaredSchedule, Declarations } from '../ports/schedules.js';
import type { Backend } from './backend.js';
import { Periodic } from './periodic.js';

/**
 * Sees to it that the store has the schedules that the code declares, and no others: a worker that starts brings its
 * own, and what no living worker declares goes. So two versions of an application may run beside each other.
 */
export class ScheduleKeeper {
  private readonly tidying: Periodic;

  /** @param everyMs milliseconds between two looks at what others have left */
  constructor(
    private readonly services: readonly string[],
    private readonly schedules: readonly DeclaredSchedule[],
    everyMs: number,
    private readonly backend: Backend,
  ) {
    const { clock, logger } = backend;
    this.tidying = new Periodic('reconciliation of schedules', everyMs, () => this.tidy(), clock, logger);
  }

  /**
   * Brings what the code declares; the worker must have said so in its lease.
   * @throws DuplicateScheduleError (DURABLE_DUPLICATE_SCHEDULE) if a client has created one of a declared name
   */
  async start(): Promise<void> {
    await this.declare(true);
    await this.remove();
    this.tidying.start();
  }

  stop(): Promise<void> {
    return this.tidying.stop();
  }

  private async tidy(): Promise<void> {
    const names = this.schedules.map(({ name }) => name);
    if (!(await this.backend.store.schedules.isAstray(this.services, names))) return;
    await this.declare(false);
    await this.remove();
  }

  private async declare(force: boolean): Promise<void> {
    if (this.schedules.length === 0) return;
    const { schedules } = this.backend.store;
    const now = (await schedules.now()).getTime();
    const declared = this.schedules.map(one => {
      const next = slotsOf(timingOf(one))(now);
      return { ...one, nextAt: new Date(next ?? now) };
    });
    const { taken } = await schedules.declare(declared, force);
    const first = this.schedules.find(({ name }) => taken.includes(name));
    if (first) {
      const { name, service, handler } = first;
      throw new DuplicateScheduleError(name, 'one that a client created', `${service}.${handler}`);
    }
  }

  private async remove(): Promise<void> {
    const names = this.schedules.map(({ name }) => name);
    const removed = await this.backend.store.schedules.removeUndeclared(this.services, names);
    if (removed.length > 0)
      this.backend.logger.log(`schedules that no code declares any more are gone: ${removed.join(', ')}`);
  }
}

/** Names with digests, as the lease of a worker has them. */
export function declarationsOf(schedules: readonly DeclaredSchedule[]): Declarations {
  return Object.fromEntries(schedules.map(({ name, digest }) => [name, digest]));
}
