import type { Tables } from '../tables.js';

/** Takes locked invocations from whoever drives them, and lets nobody go on with them. Parameters: id, error. */
export function controlPause(t: Tables): string {
  return `update ${t.invocation} set
  status = 'paused', epoch = epoch + 1, owner = null, due_at = null, error = $2
where id = $1::uuid`;
}

/**
 * Lets a locked invocation go on that was paused. One whose object is another's waits for its turn.
 *
 * Parameter: id. Rows: `id`, `service`, if it is due now.
 */
export function controlResume(t: Tables): string {
  return `with gate as materialized (
  select o.holder from ${t.object} o join ${t.invocation} i on i.object_id = o.id
  where i.id = $1::uuid and i.ticket is not null for update of o),
resumed as (
  update ${t.invocation} i set
    status = 'scheduled', error = null,
    due_at = case when i.ticket is null or (select holder from gate) = i.id then ${t.now} end
  where i.id = $1::uuid
  returning i.id, i.service, i.due_at)
select id, service from resumed where due_at is not null`;
}
