import type { Tables } from '../tables.js';

/**
 * Gives back what a worker owns and does not drive. Parameters: worker, ids that it drives, milliseconds.
 *
 * Rows: `id`, `service`. The epoch may stay: a write under it is refused while the invocation does not run, and
 * the next claim raises it.
 */
export function releaseStray(t: Tables): string {
  return `with stray as materialized (
  select id from ${t.invocation}
  where owner = $1 and id <> all($2::uuid[]) and claimed_at < ${t.now} - $3::float8 * interval '1 millisecond'
  order by id for no key update skip locked),
released as (
  update ${t.invocation} i set status = 'scheduled', owner = null, due_at = ${t.now}
  from stray where i.id = stray.id
  returning i.id, i.service)
select id, service from released`;
}
