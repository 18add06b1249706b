import type { Tables } from '../tables.js';
import { IS_OPEN_CALL, outcomeOf, woken } from './commit-arrivals.js';

/**
 * Ends locked invocations from outside, whoever drives them: the next epoch is nobody's. The calls that wait for them
 * are answered, their objects are freed.
 *
 * Parameters: ids, their errors, their status. One row: a {@link NewsRow} with `ended`, the `[id, origin][]`.
 */
export function controlEnd(t: Tables): string {
  return `with ended as (
  update ${t.invocation} i set
    status = $3, epoch = i.epoch + 1, owner = null, due_at = null, output = null, error = v.error,
    failed_entry = null, finished_at = ${t.now}
  from unnest($1::uuid[], $2::text[]) as v(id, error) where i.id = v.id and i.finished_at is null
  returning i.id, i.origin, i.status, i.output, i.error, i.parent_id, i.parent_index, i.object_id, i.attached),
answered as (
  update ${t.entry} e set ${outcomeOf('f', t)}
  from ended f where e.invocation_id = f.parent_id and e.index = f.parent_index and ${IS_OPEN_CALL}
    and f.parent_id <> all($1::uuid[])
  returning e.invocation_id),
${woken(t, ['answered'])},
freed as (
  update ${t.object} o set holder = null, waiting = true
  from ended f where o.id = any(array(select object_id from ended)) and o.holder = f.id
  returning o.id)
select
  (select json_agg(json_build_array(id, origin))::text from ended) as ended,
  (select json_agg(json_build_array(id, service, wakes, owner))::text from woken) as woken,
  (select json_agg(json_build_array(id))::text from freed) as freed,
  (select json_agg(json_build_array(id))::text from ended where attached) as attached`;
}
