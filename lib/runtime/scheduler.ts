import { inputWithSlot } from '../engine/scheduled-input.js';
import { planFiring, type FiringPlan } from '../engine/schedule.js';
import { objectRef, slotId } from '../codec/identity.js';
import { CancelledError } from '../errors/index.js';
import { slotsOf, timingOf } from '../options/slots.js';
import type { LocalScheduler } from '../ports/local-scheduler.js';
import type { NewInvocation } from '../ports/store.js';
import type { UpcomingSchedule } from '../ports/schedules.js';
import type { Backend } from './backend.js';
import { Periodic } from './periodic.js';
import type { ScheduleKeeper } from './schedule-keeper.js';

export interface SchedulerOptions {
  /** Services of this application: schedules of others are left to them. */
  readonly services: readonly string[];
  /** Milliseconds between two looks of a worker for due work. */
  readonly sweepMs: number;
}

/** How often it looks for schedules that other processes made, in sweeps and at the most in milliseconds. */
const LOOK_SWEEPS = 10;
const LONGEST_LOOK_MS = 10_000;
/** Schedules that are looked at together. */
const LIMIT = 1_000;

/**
 * Starts what is due of schedules: as every worker of the application does, so that it depends on none of them. It
 * sleeps until the next slot; whoever comes first under the lock of the schedule starts it.
 */
export class Scheduler implements LocalScheduler {
  private readonly looking: Periodic;

  constructor(
    private readonly options: SchedulerOptions,
    private readonly keeper: ScheduleKeeper,
    private readonly backend: Backend,
  ) {
    const { clock, logger } = backend;
    const everyMs = Math.min(options.sweepMs * LOOK_SWEEPS, LONGEST_LOOK_MS);
    this.looking = new Periodic('look for due schedules', everyMs, () => this.look(), clock, logger);
  }

  /** @throws DuplicateScheduleError (DURABLE_DUPLICATE_SCHEDULE) if a client has created one of a declared name */
  async start(): Promise<void> {
    await this.keeper.start();
    this.looking.start();
    void this.looking.now();
  }

  changed(): void {
    void this.looking.now();
  }

  async stop(): Promise<void> {
    await Promise.all([this.looking.stop(), this.keeper.stop()]);
  }

  /** Deals with what is due until nothing is, a round at a time, and comes again in time for the next slot. */
  private async look(): Promise<void> {
    const { store } = this.backend;
    const { now, schedules } = await store.schedules.upcoming(this.options.services, LIMIT);
    const due = schedules.filter(({ nextAt }) => nextAt <= now);
    // One after the other: a long catch-up is no reason to take all connections.
    let fired = 0;
    for (const one of due) if (!this.looking.isStopped && (await this.isFired(one, now))) fired++;
    if (fired > 0) return void this.looking.now();
    const later = schedules.find(({ nextAt }) => nextAt > now);
    if (later) this.looking.soon(later.nextAt.getTime() - now.getTime());
    // What waits for another invocation, or is dealt with by another process at this moment.
    if (due.length > 0) this.looking.soon(this.options.sweepMs);
  }

  private async isFired(one: UpcomingSchedule, now: Date): Promise<boolean> {
    try {
      return await this.fire(one, now);
    } catch (error) {
      if (this.backend.store.isTransient(error)) throw error;
      this.backend.logger.error(`schedule ${one.name} cannot be started: ${String(error)}`);
      return false;
    }
  }

  private async fire(one: UpcomingSchedule, now: Date): Promise<boolean> {
    const { store, messenger } = this.backend;
    const plan = planOf(one, now);
    if (!plan) return false;
    // Before: should the process end in between, whoever starts the slot cancels it once more, and no two go on.
    if (plan.start.length > 0) await this.cancelPrevious(one);
    const starts = plan.start.map(at => ({
      slot: new Date(at),
      invocation: this.invocation(one, new Date(at)),
    }));
    const then = plan.nextAt === undefined ? null : new Date(plan.nextAt);
    const { name, revision, nextAt } = one;
    const result = await store.schedules.fire({ name, revision, nextAt, then, starts, skips: plan.skips });
    if (result === 'lost') return false;
    messenger.ready(starts.map(({ invocation: { id, service } }) => ({ id, service })));
    return true;
  }

  private async cancelPrevious({ overlap, isLive, lastInvocationId: id }: UpcomingSchedule): Promise<void> {
    if (overlap !== 'cancelPrevious' || !isLive || id === null) return;
    const { store, errors, messenger } = this.backend;
    messenger.controlled(await store.cancel(id, one => errors.encode(new CancelledError(one))));
  }

  private invocation(one: UpcomingSchedule, scheduledFor: Date): NewInvocation {
    const { name: schedule, service, handler, key, kind } = one;
    const { codec, origin } = this.backend;
    const args = codec.decode(one.input) as readonly unknown[];
    return {
      id: slotId(schedule, scheduledFor),
      service,
      handler,
      input: codec.encode(inputWithSlot(args, { schedule, scheduledFor: scheduledFor.getTime() })),
      origin,
      delayMs: 0,
      at: null,
      deadline: null,
      owner: null,
      parent: null,
      object: key === null ? null : objectRef(service, key),
      exclusive: kind === 'exclusive',
    };
  }
}

function planOf(one: UpcomingSchedule, now: Date): FiringPlan | undefined {
  const { overlap, catchUp, nextAt, isLive, finishedAt } = one;
  const previous = { isLive, finishedAt: finishedAt?.getTime() };
  const due = { now: now.getTime(), nextAt: nextAt.getTime(), overlap, catchUp, previous };
  return planFiring(due, slotsOf(timingOf(one)));
}
