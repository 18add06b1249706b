import type { Tables } from '../tables.js';

/** Deletes invocations that are long over, with their journals. Parameters: milliseconds, limit. One row: `count`. */
export function purge(t: Tables): string {
  return `with old as materialized (
  select id from ${t.invocation} where finished_at <= ${t.now} - $1::float8 * interval '1 millisecond'
  order by finished_at limit $2::int for update skip locked),
entries as (
  delete from ${t.entry} e using old where e.invocation_id = old.id),
invocations as (
  delete from ${t.invocation} i using old where i.id = old.id returning i.id)
select count(*)::int as count from invocations`;
}
