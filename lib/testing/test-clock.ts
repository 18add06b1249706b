import { setImmediate, setTimeout } from 'node:timers/promises';
import { type Duration, parseDuration } from '../options/duration.js';
import type { Backend } from '../runtime/backend.js';
import { NeverSettledError } from './errors.js';
import type { Idleness } from './idleness.js';
import type { MovableDatabase } from './test-database.js';
import type { VirtualClock } from './virtual-clock.js';

/** How time is moved. */
export interface AdvanceOptions {
  /** Whether to move on also while steps run: so that their timeouts pass. Else they are waited for. @default false */
  readonly whileStepsRun?: boolean;
}

export interface TestClockParts {
  readonly backend: () => Backend;
  readonly services: () => readonly string[];
  readonly database: MovableDatabase;
  readonly clock: VirtualClock;
  readonly idleness: Idleness;
}

const PAUSE_MS = 2;

/**
 * The time of an application under test: it stands still until it is moved. Everything durable follows it: timers, waits
 * between retries, delays, deadlines, timeouts, schedules, `DurableContext.now()`.
 */
export class TestClock {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: TestClockParts) {}

  /** The time. What code asks the machine for (`new Date()`) is another one. */
  now(): Date {
    return new Date(this.parts.clock.now());
  }

  /**
   * Lets so much time pass: what becomes due is done, in the order of its due times, each at its own time. Resolves once
   * all of that is over, or waits for later.
   *
   * @throws NotIdleError (DURABLE_NOT_IDLE) if something goes on running
   * @throws InvalidDurationError (DURABLE_INVALID_DURATION)
   */
  advance(by: Duration, options: AdvanceOptions = {}): Promise<void> {
    const ms = parseDuration(by, 'advance()');
    return this.alone(() => this.moveTo(this.parts.clock.now() + ms, options));
  }

  /**
   * As {@link advance}, until a date.
   *
   * @throws RangeError for one that is past: time goes one way
   */
  advanceTo(date: Date, options: AdvanceOptions = {}): Promise<void> {
    return this.alone(() => {
      // As a condition that is false also for an invalid date.
      if (!(date.getTime() >= this.parts.clock.now())) {
        throw new RangeError(`advanceTo() was given ${String(date)}, and it is ${this.now().toISOString()}`);
      }
      return this.moveTo(date.getTime(), options);
    });
  }

  /**
   * Goes from one due time to the next until a promise is settled, and gives what it gives. Time moves only while somebody
   * waits for the result of an invocation and nothing else can go on, so that a test may also signal on the way.
   *
   * @example
   * ```ts
   * const receipt = await clock.advanceUntil(client.call(OrderService).checkout(order));
   * ```
   * @throws what the promise rejects with
   * @throws NeverSettledError (DURABLE_NEVER_SETTLED) if time alone does not settle it
   * @throws NotIdleError (DURABLE_NOT_IDLE)
   */
  async advanceUntil<T>(promise: PromiseLike<T>): Promise<T> {
    let isSettled = false;
    const settled = Promise.resolve(promise).finally(() => (isSettled = true));
    settled.catch(() => undefined);
    const { idleness } = this.parts;
    const backend = this.parts.backend();
    const patience = idleness.patience();
    while (!isSettled) {
      await Promise.race([settled.catch(() => undefined), idleness.reached()]);
      await setImmediate();
      if (isSettled) break;
      if (backend.results.isAwaited && (await this.alone(() => this.moveOn(() => isSettled)))) continue;
      if (patience.isOver()) throw new NeverSettledError(await idleness.unfinished());
      await setTimeout(PAUSE_MS);
    }
    return settled;
  }

  private async moveTo(target: number, { whileStepsRun = false }: AdvanceOptions): Promise<void> {
    const { clock, idleness } = this.parts;
    for (;;) {
      await idleness.reached(whileStepsRun);
      const left = target - clock.now();
      const next = await this.nextInMs();
      if (left <= 0 && next > 0) return;
      await this.pass(Math.min(next, left));
    }
  }

  /** Goes to the next due time, unless it is not wanted any more; whether there was one. */
  private async moveOn(isEnough: () => boolean): Promise<boolean> {
    const { idleness } = this.parts;
    const backend = this.parts.backend();
    await idleness.reached();
    const next = await this.nextInMs();
    if (isEnough() || !backend.results.isAwaited || next === Infinity) return isEnough();
    await this.pass(next);
    return true;
  }

  private async pass(ms: number): Promise<void> {
    const { database, clock } = this.parts;
    // First: what rings asks the database if it is time.
    await database.setTime(clock.now() + ms);
    clock.pass(ms);
    clock.ring();
  }

  /** Milliseconds until something is due, here or in the database. */
  private async nextInMs(): Promise<number> {
    const { clock } = this.parts;
    const { store } = this.parts.backend();
    const services = this.parts.services();
    const [nextDue, { nextMs: deadline }, { now, schedules }] = await Promise.all([
      store.nextDue(services),
      store.overdue(1),
      store.schedules.upcoming(services, 100),
    ]);
    const slot = schedules.map(({ nextAt }) => nextAt.getTime() - now.getTime()).find(ms => ms > 0);
    return Math.min(nextDue ?? Infinity, deadline ?? Infinity, slot ?? Infinity, Math.max(0, clock.nextInMs));
  }

  /** One after the other. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}
