import type { Tables } from '../tables.js';
import { ANSWERED_AT_ONCE, firstAttached } from './answer-lock.js';
import { outcomeOf, woken } from './commit-arrivals.js';

/**
 * Gives the outcomes of locked invocations that are over to the entries that are attached to them, so many at a time. A
 * statement of its own after the lock, for a snapshot that has whoever attached meanwhile. Ids go on as arrays, as in
 * `purge`.
 *
 * Parameter: ids. One row: a {@link NewsRow}, whose `attached` are those that more are attached to.
 */
export function answerTake(t: Tables): string {
  return `with target as (
  select id, status, output, error from ${t.invocation} where id = any($1::uuid[]) and finished_at is not null),
first as materialized (
  ${firstAttached(t, 'target v')}),
more as materialized (
  select o.id from target o
  where (select count(*) from (select from ${t.attachment} where invocation_id = o.id limit ${ANSWERED_AT_ONCE + 1}) a)
    > (select count(*) from first where invocation_id = o.id)),
waiter as (
  delete from ${t.attachment} where ctid = any(array(select place from first))
  returning invocation_id, waiter_id, waiter_index),
answered as (
  update ${t.entry} e set ${outcomeOf('o', t)}
  from waiter w join target o on o.id = w.invocation_id
  where e.invocation_id = any(array(select waiter_id from waiter)) and e.invocation_id = w.waiter_id and e.index = w.waiter_index and e.kind = 'attach' and e.outcome is null
  returning e.invocation_id),
${woken(t, ['answered'])},
cleared as (
  update ${t.invocation} i set attached = false from target o
  where i.id = o.id and i.attached and i.id not in (select id from more))
select (select json_agg(json_build_array(id, service, wakes, owner))::text from woken) as woken, null as freed,
  (select json_agg(json_build_array(id))::text from more) as attached`;
}
