import type { Tables } from '../tables.js';

/**
 * Deletes invocations that are long over, with their journals. Parameters: milliseconds, limit. One row: `count`.
 *
 * The ids go on as an array, not as a join: the planner would read all entries for a few thousand invocations
 * whose journals it believes to be long.
 */
export function purge(t: Tables): string {
  return `with old as materialized (
  select id from ${t.invocation} where finished_at <= ${t.now} - $1::float8 * interval '1 millisecond'
  order by finished_at limit $2::int for update skip locked),
entries as (
  delete from ${t.entry} where invocation_id = any(array(select id from old))),
invocations as (
  delete from ${t.invocation} where id = any(array(select id from old)) returning id)
select count(*)::int as count from invocations`;
}
