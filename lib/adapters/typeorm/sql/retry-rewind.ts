import type { Tables } from '../tables.js';

/**
 * Makes a locked `failed` invocation due again and takes its journal back to before the failure that caused it.
 *
 * Parameter: id. A cause that was never delivered takes only itself along, for nothing was called after it.
 */
export function retryRewind(t: Tables): string {
  return `with cause as materialized (
  select e.index, e.seq from ${t.invocation} i
  join ${t.entry} e on e.invocation_id = i.id and e.index = i.failed_entry
  where i.id = $1::uuid),
dropped as (
  delete from ${t.entry} e using cause
  where e.invocation_id = $1::uuid and (e.index = cause.index or e.called_after > cause.seq)),
undelivered as (
  update ${t.entry} e set seq = null from cause
  where e.invocation_id = $1::uuid and e.seq > cause.seq and e.called_after <= cause.seq)
update ${t.invocation} set
  status = 'scheduled', epoch = epoch + 1, due_at = ${t.now}, failed_attempts = 0, deaths = 0, settled_at_death = 0,
  output = null, error = null, failed_entry = null, finished_at = null
where id = $1::uuid`;
}
