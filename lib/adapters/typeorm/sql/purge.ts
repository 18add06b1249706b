import type { Tables } from '../tables.js';

/**
 * Deletes invocations that are long over, with their journals, inboxes and deadlines; never one whose outcome is awaited
 * still. A deadline that stayed would be that of whoever is accepted under the same idempotency key next.
 *
 * Parameters: milliseconds, limit. One row: `count`.
 *
 * The ids go on as an array, not as a join: the planner would read all entries for a few thousand invocations
 * whose journals it believes to be long.
 */
export function purge(t: Tables): string {
  return `with old as materialized (
  select id from ${t.invocation} where finished_at <= ${t.now} - $1::float8 * interval '1 millisecond' and not attached
  order by finished_at limit $2::int for update skip locked),
entries as (
  delete from ${t.entry} where invocation_id = any(array(select id from old))),
signals as (
  delete from ${t.signal} where invocation_id = any(array(select id from old))),
attachments as (
  delete from ${t.attachment} where invocation_id = any(array(select id from old))),
deadlines as (
  delete from ${t.deadline} where invocation_id = any(array(select id from old))),
invocations as (
  delete from ${t.invocation} where id = any(array(select id from old)) returning id)
select count(*)::int as count from invocations`;
}
