import type { Tables } from '../tables.js';

/**
 * Makes a locked `failed` invocation due again and takes its journal back to before the failure that caused it.
 *
 * Signals that were taken by what is dropped are in the inbox again, but for a request to end: it was for that attempt, and goes.
 *
 * One that had its object for itself queues for it anew, once it is claimed.
 *
 * Parameters: id, name of the signal that asks a handler to end. A cause that was never delivered takes only itself along, for nothing was called after it.
 */
export function retryRewind(t: Tables): string {
  return `with cause as materialized (
  select e.index, e.seq from ${t.invocation} i
  join ${t.entry} e on e.invocation_id = i.id and e.index = i.failed_entry
  where i.id = $1::uuid),
dropped as (
  delete from ${t.entry} e using cause
  where e.invocation_id = $1::uuid and (e.index = cause.index or e.called_after > cause.seq)
  returning e.index),
given_back as (
  update ${t.signal} s set taken_by = null from dropped
  where s.invocation_id = $1::uuid and s.taken_by = dropped.index and s.name <> $2),
unasked as (
  delete from ${t.signal} where invocation_id = $1::uuid and name = $2 and taken_by is null),
undelivered as (
  update ${t.entry} e set seq = null from cause
  where e.invocation_id = $1::uuid and e.seq > cause.seq and e.called_after <= cause.seq)
update ${t.invocation} set
  status = 'scheduled', epoch = epoch + 1, due_at = ${t.now}, failed_attempts = 0, deaths = 0, settled_at_death = 0,
  ticket = null, output = null, error = null, failed_entry = null, finished_at = null
where id = $1::uuid`;
}
