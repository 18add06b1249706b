import type { Tables } from '../tables.js';

/**
 * Locks objects in id order, so that nobody joins their queues meanwhile: after those who are first in line, because
 * invocations are always locked before objects. Parameter: ids. Rows: `id`.
 */
export function promoteLock(t: Tables): string {
  return `with ${promoteLocks(t)}
select id from locked`;
}

/** Parts `next`, the first in line, and `locked`, the objects: both with their place in the table, under the lock. */
export function promoteLocks(t: Tables): string {
  return `next as materialized (
  select id, ctid as place from ${t.invocation}
  where id = any(array(
    select (
      select i.id from ${t.invocation} i
      where i.object_id = v.id and i.ticket is not null and i.finished_at is null
      order by i.ticket limit 1)
    from unnest($1::uuid[]) as v(id)))
  order by id for no key update),
locked as materialized (
  select id, ctid as place from ${t.object}
  where id = any($1::uuid[]) and (select count(*) from next) >= 0
  order by id for update)`;
}
