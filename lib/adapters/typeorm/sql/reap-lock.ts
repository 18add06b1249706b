import type { Tables } from '../tables.js';

/**
 * Locks orphans that nobody is writing for right now; with one whose next death may be its last, also its parent, whom
 * its failure will answer. Where somebody is writing for the parent, the orphan is left to the next reap.
 *
 * Parameters: ids, deaths that are too many. Rows: `id`.
 */
export function reapLock(t: Tables): string {
  return `with orphan as materialized (
  select i.id, p.id as parent_id from ${t.invocation} i
  left join ${t.invocation} p on p.id = i.parent_id and i.deaths + 1 >= $2::int
  where i.id = any($1::uuid[]) and i.owner is not null),
locked as materialized (
  select id from ${t.invocation}
  where id = any(array(select id from orphan union select parent_id from orphan))
  order by id for no key update skip locked)
select o.id from orphan o
where o.id in (select id from locked) and (o.parent_id is null or o.parent_id in (select id from locked))`;
}
