import { Cron } from 'croner';
import type { Slots } from '../engine/schedule.js';

/** When a schedule has its slots. */
export type Timing = CronTiming | EveryTiming;

/** At the times of a cron pattern, on the clocks of a time zone. */
export interface CronTiming {
  readonly cron: string;
  readonly timeZone: string;
}

/** At multiples of so many milliseconds since 1970. */
export interface EveryTiming {
  readonly everyMs: number;
}

/**
 * The slots of a timing; for `cron`, the rule of clock changes is that of `docs/programming-model.md`.
 * @throws whatever croner throws for a pattern or zone that it does not know
 */
export function slotsOf(timing: Timing): Slots {
  if ('everyMs' in timing) {
    const { everyMs } = timing;
    return after => (Math.floor(after / everyMs) + 1) * everyMs;
  }
  const { cron, timeZone: timezone } = timing;
  const parsed = new Cron(cron, { timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  return after => parsed.nextRun(new Date(after))?.getTime();
}

/** The timing of a schedule as a store has it. */
export function timingOf(columns: {
  readonly cron: string | null;
  readonly timeZone: string | null;
  readonly everyMs: number | null;
}): Timing {
  const { cron, timeZone, everyMs } = columns;
  return cron === null ? { everyMs: everyMs ?? 0 } : { cron, timeZone: timeZone ?? 'UTC' };
}
