import type { Tables } from '../tables.js';

/**
 * How many entries are given outcomes at a time: each of them has a copy, and the largest may be of megabytes.
 */
export const ANSWERED_AT_ONCE = 500;

/** Locks invocations, and the first of those attached to them, in id order. Parameter: ids. Rows: `id`. */
export function answerLock(t: Tables): string {
  return `select id from ${t.invocation}
where id = any($1::uuid[] || array(select waiter_id from (${firstAttached(t, 'unnest($1::uuid[]) as v(id)')}) first))
order by id for no key update`;
}

/** The first that are attached to invocations `v`: `invocation_id`, `waiter_id`, `place` in the table. */
export function firstAttached(t: Tables, v: string): string {
  return `select a.invocation_id, a.waiter_id, a.place from ${v}
  cross join lateral (
    select invocation_id, waiter_id, waiter_index, ctid as place from ${t.attachment} where invocation_id = v.id
    order by invocation_id, waiter_id, waiter_index limit ${ANSWERED_AT_ONCE}) a
  order by a.invocation_id, a.waiter_id, a.waiter_index limit ${ANSWERED_AT_ONCE}`;
}
