import type { Clock } from '../ports/clock.js';

/** How late the commit of something may be that was due before. */
const LATE_MS = 10_000;
/** A look from the beginning that takes less is made each time. */
const CHEAP_MS = 10;
/** Of how much time the dearer ones may take one part. */
const SHARE = 20;
/** They are made at least as often as this: for what came with a date that was long past. */
const LONGEST_MS = 5_000;

/** What a look for due work has come to. */
export interface Look {
  /** When it began, by the clock of this process. */
  readonly at: number;
  /** How far it went back; `null`: to the beginning. */
  readonly sinceMs: number | null;
  /** What was due longer ago than this is taken, as far as it was seen. */
  readonly dealtWithMs: number;
}

/**
 * How far looks for due work go back.
 *
 * What is claimed leaves a dead row behind, which PostgreSQL cannot remove while a transaction is open that might see
 * it: a report, a dump, a forgotten session. Each look from the beginning walks over all of them, and is slower than the
 * one before. So the looks go on where the last one was, and one from the beginning is made as often as it is cheap:
 * each time where there is nothing to walk over.
 */
export class LookBack {
  private dealtWithAt = -Infinity;
  private nextFullAt = -Infinity;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** Milliseconds; `null`: to the beginning. */
  get sinceMs(): number | null {
    const now = this.clock.monotonic();
    return now >= this.nextFullAt ? null : now - this.dealtWithAt + LATE_MS;
  }

  looked({ at, sinceMs, dealtWithMs }: Look): void {
    const now = this.clock.monotonic();
    const tookMs = now - at;
    if (sinceMs === null)
      this.nextFullAt = tookMs < CHEAP_MS ? now : now + Math.min(tookMs * SHARE, LONGEST_MS);
    this.dealtWithAt = at - dealtWithMs;
  }
}
