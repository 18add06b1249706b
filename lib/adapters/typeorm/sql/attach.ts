import type { Tables } from '../tables.js';

/**
 * Attaches an entry to an invocation: its outcome will settle the entry. Parameters: id, waiting invocation, its index.
 *
 * Rows: `over`; none if there is no such invocation. The row's lock makes its end come before this, or see it.
 */
export function attach(t: Tables): string {
  return `with target as (
  update ${t.invocation} set attached = true where id = $1::uuid returning id, finished_at is not null as over),
waits as (
  insert into ${t.attachment} (invocation_id, waiter_id, waiter_index)
  select id, $2::uuid, $3::int from target on conflict do nothing)
select over from target`;
}
