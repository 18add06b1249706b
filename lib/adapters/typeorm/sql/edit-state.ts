import type { Tables } from '../tables.js';

/**
 * Takes an object for the length of a transaction, whether its row is there or not: who accepts for it meanwhile waits.
 * Parameters: id, key.
 */
export function editLock(t: Tables): string {
  return `insert into ${t.object} as o (id, service, key, tail, holder, waiting)
values ($1::uuid, '', $2, 0, null, false)
on conflict (id) do update set tail = o.tail`;
}

/**
 * Whether somebody has an object that is taken, or waits for it. A statement of its own after the lock, for a snapshot
 * that has the holder who was accepted while the lock was waited for. Parameter: id. One row: `busy`.
 */
export function editCheck(t: Tables): string {
  return `select o.waiting or exists (
  select from ${t.invocation} h where h.id = o.holder and h.finished_at is null) as busy
from ${t.object} o where o.id = $1::uuid`;
}

/** Changes the state of an object that is taken. Parameters: id, names and values to set, names to delete. */
export function editState(t: Tables): string {
  return `with stated as (
  insert into ${t.state} (object_id, name, value, written_at)
  select $1::uuid, v.name, v.value, ${t.now} from unnest($2::text[], $3::text[]) as v(name, value)
  on conflict (object_id, name) do update set value = excluded.value, written_at = excluded.written_at)
delete from ${t.state} where object_id = $1::uuid and name = any($4::text[])`;
}

/** Lets go of an object that was taken. Parameter: id. */
export function editRelease(t: Tables): string {
  return `delete from ${t.object} where id = $1::uuid`;
}
