import type { NewInvocation } from '../../../ports/store.js';
import type { Tables } from '../tables.js';
import { isAmong } from './fence.js';

/** Whether an invocation queues for its object when it is accepted. */
export function joinsQueue({ object, exclusive, delayMs, at }: NewInvocation): boolean {
  return object !== null && exclusive && delayMs === 0 && at === null;
}

/**
 * Part `gates` of a commit: the objects that it frees or queues for, locked in id order after the invocations.
 * @param ids placeholder of their ids, without duplicates
 * @param afterLocks whether the statement has a fence
 */
export function gates(t: Tables, ids: string, afterLocks: boolean): string {
  return `gates as materialized (
  select id, holder, waiting from ${t.object}
  where id = any(${ids})${afterLocks ? ' and (select count(*) from held) >= 0' : ''}
  order by id for update)`;
}

/**
 * Parts `line` and `gate`: all that are asked for, those that queue for objects in the order of the batch, and what became
 * of the objects. The first one holds its object if nobody does and nobody waits for it.
 */
export function queued(t: Tables): string[] {
  return [
    `line as materialized (
  select asked.*, case when queues = 1 then object_id end as gate_id,
    row_number() over same as nth, count(*) over everyone as asking,
    row_number() over same - count(*) over everyone as ticket_back
  from asked
  window everyone as (partition by object_id, queues), same as (partition by object_id, queues order by place))`,
    `gate as (
  insert into ${t.object} as o (id, service, key, tail, holder, waiting)
  select object_id, service, object_key, asking, id, asking > 1 from line
  where queues = 1 and nth = 1 and (select count(*) from gates) >= 0 order by object_id
  on conflict (id) do update set ${JOINED}
  returning id, tail, holder)`,
  ];
}

/** What becomes of an object's row `o` when others queue for it (`excluded`). */
export const JOINED = `tail = o.tail + excluded.tail,
    holder = case when o.holder is null and not o.waiting then excluded.holder else o.holder end,
    waiting = excluded.waiting or o.waiting or o.holder is not null`;

/** Parts `left` and `freed`: objects whose holder is over. A row without anybody is of no use. */
export function freed(t: Tables): string[] {
  const isOver = isAmong('g.id, g.holder', 'select holds, id from moved where over');
  const over = `gates g where o.id = g.id and ${isOver}`;
  return [
    `left_alone as (
  delete from ${t.object} o using ${over} and not g.waiting)`,
    `freed as (
  update ${t.object} o set holder = null from ${over} and g.waiting
  returning o.id)`,
  ];
}
