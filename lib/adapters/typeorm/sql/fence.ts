import { STATUSES, isTerminal } from '../../../engine/status.js';
import { literals } from '../tables.js';
import type { Tables } from '../tables.js';

/**
 * The fence: locks the rows that a batch writes under, and those that it brings something to, in id order, and gives
 * them as they are *after* the wait.
 *
 * A predicate alone would not do. Under READ COMMITTED a write that began before a take-over and commits after
 * it would leak; the row lock makes one of the two wait for the other, and PostgreSQL then reads the row again.
 *
 * @param ids placeholder of the ids, without duplicates.
 */
export function held(t: Tables, ids: string): string {
  return `held as materialized (
  select id, epoch, status, wakes, attached, case when status = 'running' then epoch end as live
  from ${t.invocation}
  where id = any(${ids})
  order by id for no key update)`;
}

/** Joins the rows of `v(id, epoch, …)` with those held that still run under the epoch of the write. */
export const ON_LIVE_LEASE = `join held on held.id = v.id and held.live = v.epoch`;

/** Whether an invocation still runs under an epoch. @param columns id and epoch of a row */
export const isLive = (columns: string): string => isAmong(columns, 'select id, live from held');

/** Rows of those held that are not over, so that something may arrive for them. */
export const NOT_OVER = `select id from held where status not in (${literals(STATUSES.filter(isTerminal))})`;

/**
 * Whether columns are a row of a subquery, looked up in a hash table.
 *
 * A kept plan knows nothing of how many rows a batch has, and takes them for a handful. As a join it would compare each with
 * each; what stands under `is true` is never made a join.
 */
export function isAmong(columns: string, subquery: string): string {
  return `((${columns}) in (${subquery})) is true`;
}
