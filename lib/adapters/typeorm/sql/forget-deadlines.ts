import type { Tables } from '../tables.js';

/** In the text: of a limit that it does not know the planner expects a tenth of the table. */
const AT_ONCE = 500;

/**
 * Takes away the deadlines of what is over, among the first ones: those that are past, and of what can never be retried
 * also those to come, so that they are not looked for one by one. Rows: `id`.
 *
 * Never waits, so that it crosses with nobody: not with a purge, and not with another worker that looks at the same ones.
 */
export function forgetDeadlines(t: Tables): string {
  return `with first as materialized (
  select invocation_id as id, at from ${t.deadline} order by at limit ${AT_ONCE}),
ended as materialized (
  select first.id from first
  left join lateral (select status, finished_at from ${t.invocation} where id = first.id offset 0) i on true
  where i.status in ('completed', 'cancelled')
    or first.at <= ${t.now} and (i.status is null or i.finished_at is not null)),
over as materialized (
  select invocation_id as id from ${t.deadline} where invocation_id = any(array(select id from ended))
  for update skip locked),
forgotten as (
  delete from ${t.deadline} where invocation_id = any(array(select id from over)) returning invocation_id as id)
select id from forgotten`;
}
