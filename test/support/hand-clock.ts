import type { Clock } from '../../lib/ports/clock.js';

/** A clock that is moved by hand. */
export class HandClock implements Clock {
  private time = 0;
  private timers: { readonly at: number; readonly fn: () => void }[] = [];

  /** How many timers are to come. */
  get armed(): number {
    return this.timers.length;
  }

  monotonic(): number {
    return this.time;
  }

  now(): number {
    return this.time;
  }

  roughlyAfter(ms: number, fn: () => void): () => void {
    return this.after(ms, fn);
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.time + ms, fn };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter(other => other !== timer));
  }

  async moveTo(time: number): Promise<void> {
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers = this.timers.filter(other => other !== next);
      this.time = Math.max(this.time, next.at);
      next.fn();
      await new Promise(resolve => setImmediate(resolve));
    }
    this.time = time;
  }
}
