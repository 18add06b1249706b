import type { CatchUp, Overlap } from '../engine/schedule.js';
import type { Timing } from '../options/slots.js';
import type { HandlerKind } from '../ports/handlers.js';
import type { ScheduleDefinition } from '../ports/schedules.js';

/** What a schedule starts, and when, as the code or a client says it. */
export interface WantedSchedule {
  readonly name: string;
  readonly service: string;
  readonly handler: string;
  readonly kind: HandlerKind;
  readonly key: string | null;
  readonly timing: Timing;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
}

/** The same, as a store takes it. @param input encoded arguments */
export function definitionOf(wanted: WantedSchedule, input: string): ScheduleDefinition {
  const { name, service, handler, kind, key, timing, overlap, catchUp } = wanted;
  const [cron, timeZone, everyMs] =
    'cron' in timing ? [timing.cron, timing.timeZone, null] : [null, null, timing.everyMs];
  return { name, service, handler, kind, key, input, cron, timeZone, everyMs, overlap, catchUp };
}
