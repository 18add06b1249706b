import type { Cancel, Clock } from '../ports/clock.js';
import { systemClock } from '../runtime/system-clock.js';

interface Timer {
  /** By the time that only grows. */
  readonly at: number;
  readonly fn: () => void;
}

/** The clock of a process in which time stands still, until somebody moves it. */
export class VirtualClock implements Clock {
  private readonly exact = new Set<Timer>();
  private readonly rough = new Set<Timer>();
  private passed = 0;
  private isFlowing = false;

  constructor(private start: number) {}

  /** Milliseconds until the first of its timers is due, `Infinity` without one; those that come roughly are not among them. */
  get nextInMs(): number {
    let next = Infinity;
    for (const { at } of this.exact) next = Math.min(next, at - this.passed);
    return next;
  }

  now(): number {
    return this.start + this.passed;
  }

  monotonic(): number {
    return this.passed;
  }

  after(ms: number, fn: () => void): Cancel {
    return this.add(this.exact, ms, fn);
  }

  roughlyAfter(ms: number, fn: () => void): Cancel {
    return this.add(this.rough, ms, fn);
  }

  /** Lets time pass; nobody hears of it before {@link ring}. */
  pass(ms: number): void {
    this.passed += ms;
  }

  /** Shows another date. What waits for a time goes on waiting as long as before. */
  show(date: number): void {
    this.start = date - this.passed;
  }

  /** Does what is due, in the order in which it is due, and looks at everything that is looked at now and then. */
  ring(): void {
    const due = [...this.exact].filter(({ at }) => at <= this.passed);
    for (const timer of due.sort((one, other) => one.at - other.at)) fire(this.exact, timer);
    this.look();
  }

  /** Looks at everything that is looked at now and then. */
  look(): void {
    for (const timer of [...this.rough]) fire(this.rough, timer);
  }

  /** From now on waiting takes the time that it takes: the end of the application waits for nobody to move it. */
  flow(): void {
    this.isFlowing = true;
    for (const timers of [this.exact, this.rough]) for (const timer of timers) this.arm(timers, timer);
  }

  private add(timers: Set<Timer>, ms: number, fn: () => void): Cancel {
    const timer = { at: this.passed + Math.max(0, ms), fn };
    timers.add(timer);
    // What is due already waits for nobody.
    if (ms <= 0) setImmediate(() => fire(timers, timer));
    else if (this.isFlowing) this.arm(timers, timer);
    return () => void timers.delete(timer);
  }

  private arm(timers: Set<Timer>, timer: Timer): void {
    systemClock.after(timer.at - this.passed, () => fire(timers, timer));
  }
}

function fire(timers: Set<Timer>, timer: Timer): void {
  if (timers.delete(timer)) timer.fn();
}
