import type { Tables } from '../tables.js';
import { IS_OPEN_CALL, outcomeOf, woken } from './commit-arrivals.js';

/**
 * Gives poison invocations their errors, in the transaction that took them, and tells those whom it concerns: the calls
 * that wait for them, and who waits for their objects.
 *
 * Parameters: ids, errors. One row: a {@link NewsRow}.
 */
export function reapFail(t: Tables): string {
  return `with failed as (
  update ${t.invocation} i set error = v.error
  from unnest($1::uuid[], $2::text[]) as v(id, error) where i.id = v.id
  returning i.id, i.status, i.output, i.error, i.parent_id, i.parent_index, i.object_id, i.attached),
answered as (
  update ${t.entry} e set ${outcomeOf('f', t)}
  from failed f where e.invocation_id = f.parent_id and e.index = f.parent_index and ${IS_OPEN_CALL}
  returning e.invocation_id),
${woken(t, ['answered'])},
gates as materialized (
  select id, holder from ${t.object} where id = any(array(select object_id from failed)) order by id for update),
freed as (
  update ${t.object} o set holder = null, waiting = true
  from gates g join failed f on f.id = g.holder where o.id = g.id
  returning o.id)
select
  (select json_agg(json_build_array(id, service, wakes, owner))::text from woken) as woken,
  (select json_agg(json_build_array(id))::text from freed) as freed,
  (select json_agg(json_build_array(id))::text from failed where attached) as attached`;
}
