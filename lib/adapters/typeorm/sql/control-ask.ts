import type { Tables } from '../tables.js';

/**
 * Asks the handler of a locked invocation to end: a signal of a name that no handler can wait for. One that waits for a
 * time goes on at once.
 *
 * Parameters: id, id of the signal, its name, its value. One row: `id`, `service`, `wakes`, `owner`.
 */
export function controlAsk(t: Tables): string {
  return `with asked as (
  insert into ${t.signal} (invocation_id, id, number, name, value, created_at)
  select id, $2::uuid, wakes + 1, $3, $4, ${t.now} from ${t.invocation}
  where id = $1::uuid and not exists (select from ${t.signal} where invocation_id = $1::uuid and name = $3 and taken_by is null)),
woken as (
  update ${t.invocation} i set
    wakes = i.wakes + 1,
    due_at = case when i.status in ('suspended', 'backing_off') then ${t.now} else i.due_at end
  where i.id = $1::uuid
  returning i.id, i.service, i.wakes, i.owner)
select id, service, wakes, owner from woken`;
}
