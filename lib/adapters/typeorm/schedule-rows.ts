import type { CatchUp } from '../../engine/schedule.js';
import type { ScheduleDefinition, ScheduleRecord, UpcomingSchedule } from '../../ports/schedules.js';

/** Milliseconds since 1970. */
type Milliseconds = number;

type Times = 'nextAt' | 'lastAt' | 'createdAt';

/** Row of `scheduleFind` and `scheduleList`. */
export type ScheduleTuple = Omit<ScheduleRecord, Times | 'catchUp'> & {
  readonly catchUp: string;
  readonly nextAt: Milliseconds | null;
  readonly lastAt: Milliseconds | null;
  readonly createdAt: Milliseconds;
};

/** Row of `scheduleUpcoming`. */
export type UpcomingTuple = ScheduleTuple & {
  readonly now: Milliseconds;
  readonly isLive: boolean;
  readonly finishedAt: Milliseconds | null;
};

/** Whether a row is more than the clock. */
export function isUpcoming({ nextAt }: UpcomingTuple): boolean {
  return nextAt !== null;
}

/** The record of a schedule. */
export function scheduleRecord(row: ScheduleTuple): ScheduleRecord {
  const { name, service, handler, kind, key, input, cron, timeZone, everyMs, overlap } = row;
  const { revision, isDeclared, isPaused, lastInvocationId, lateByMs, skipped } = row;
  return {
    ...{ name, service, handler, kind, key, input, cron, timeZone, everyMs, overlap },
    ...{ revision, isDeclared, isPaused, lastInvocationId, lateByMs, skipped },
    catchUp: CATCH_UPS.find(each => each === row.catchUp) ?? Number(row.catchUp),
    nextAt: dateOf(row.nextAt),
    lastAt: dateOf(row.lastAt),
    createdAt: new Date(row.createdAt),
  };
}

/** A schedule with its next slot. */
export function upcomingSchedule(row: UpcomingTuple): UpcomingSchedule {
  const nextAt = new Date(row.nextAt ?? 0);
  return { ...scheduleRecord(row), nextAt, isLive: row.isLive, finishedAt: dateOf(row.finishedAt) };
}

/** The columns of a definition, in the order of `DEFINITION`. */
export function definitionValues(one: ScheduleDefinition): (string | number | null)[] {
  const { name, service, handler, kind, key, input, cron, timeZone, everyMs, overlap, catchUp } = one;
  return [name, service, handler, kind, key, input, cron, timeZone, everyMs, overlap, String(catchUp)];
}

const CATCH_UPS: readonly CatchUp[] = ['last', 'none', 'all'];

function dateOf(ms: Milliseconds | null): Date | null {
  return ms === null ? null : new Date(ms);
}
