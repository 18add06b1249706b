import type { Tables } from '../tables.js';
import { epochMs } from './columns.js';
import { SCHEDULE_COLUMNS } from './schedule-columns.js';

/** A schedule. Parameter: name. At most one row: {@link ScheduleTuple}. */
export function scheduleFind(t: Tables): string {
  return `select ${SCHEDULE_COLUMNS} from ${t.schedule} s where s.name = $1`;
}

/** All schedules, by name. Rows: {@link ScheduleTuple}. */
export function scheduleList(t: Tables): string {
  return `select ${SCHEDULE_COLUMNS} from ${t.schedule} s order by s.name`;
}

/**
 * What is due, and the first that will be, with what became of the last slot.
 *
 * Parameters: services, limit. Rows: {@link UpcomingTuple}; one without a name if there is nothing.
 */
export function scheduleUpcoming(t: Tables): string {
  const open = `not s.paused and s.service = any($1::text[])`;
  return `with up as materialized (
  (select s.* from ${t.schedule} s where ${open} and s.next_at <= ${t.now} order by s.next_at limit $2::int)
  union all
  (select s.* from ${t.schedule} s where ${open} and s.next_at > ${t.now} order by s.next_at limit 1))
select ${epochMs(t.now)} as now, ${SCHEDULE_COLUMNS},
  (i.id is not null and i.finished_at is null) as "isLive", ${epochMs('i.finished_at')} as "finishedAt"
from (select 1) one
left join up s on true
left join ${t.invocation} i on i.id = s.last_invocation_id
order by s.next_at`;
}
