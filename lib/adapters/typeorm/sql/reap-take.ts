import type { Tables } from '../tables.js';

/**
 * Takes locked orphans away and counts a death for each.
 *
 * A statement of its own after the lock, for a snapshot that is younger than the lock: it sees the last entry
 * that the dead worker committed, and a worker that registered meanwhile.
 *
 * Parameters: ids, deaths that are too many. Rows: {@link ReapRow}; `step` is the last open step of a poison one.
 */
export function reapTake(t: Tables): string {
  return `with orphan as materialized (
  select i.id, journal.settled,
    case when journal.settled > i.settled_at_death then 1 else i.deaths + 1 end as deaths
  from ${t.invocation} i
  cross join lateral (
    select count(*)::int as settled from ${t.entry} e where e.invocation_id = i.id and e.outcome is not null) journal
  where i.id = any($1::uuid[]) and i.owner is not null
    and not exists (select from ${t.worker} w where w.id = i.owner)),
taken as (
  update ${t.invocation} i set
    epoch = i.epoch + 1,
    owner = null,
    deaths = orphan.deaths,
    settled_at_death = orphan.settled,
    status = case when orphan.deaths >= $2::int then 'failed' else 'scheduled' end,
    due_at = case when orphan.deaths < $2::int then ${t.now} end,
    finished_at = case when orphan.deaths >= $2::int then ${t.now} end
  from orphan where i.id = orphan.id
  returning i.id, i.service, i.origin, i.status, i.deaths)
select id, service, origin, status, deaths,
  case when status = 'failed' then (
    select e.name from ${t.entry} e where e.invocation_id = taken.id and e.outcome is null and e.kind in ('step', 'compensation')
    order by e.index desc limit 1) end as step
from taken`;
}
