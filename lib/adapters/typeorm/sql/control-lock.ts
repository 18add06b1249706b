import type { Tables } from '../tables.js';

/**
 * Locks an invocation, and with `tree` all that it waits for, their children included, in id order; among them the one
 * that waits for it, if any, whom its end will answer.
 *
 * The children of each one by itself (`offset 0` keeps it so): without statistics the planner would read the whole table.
 *
 * Parameters: id, whether the tree. Rows: {@link ControlRow}, those that are over included, without who waits for it.
 */
export function controlLock(t: Tables): string {
  return `with recursive tree as (
  select $1::uuid as id
  union
  select i.id from tree cross join lateral (
    select id from ${t.invocation}
    where parent_id = tree.id and parent_index is not null and finished_at is null
    offset 0) i
  where $2::boolean),
locked as materialized (
  select id, service, status, epoch, owner, finished_at is not null as over
  from ${t.invocation} where id = any(array(
    select id from tree
    union select parent_id from ${t.invocation} where id = $1::uuid and parent_index is not null))
  order by id for no key update)
select * from locked where id in (select id from tree) order by id`;
}
