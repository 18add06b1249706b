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
  select id, epoch, status, wakes, attached from ${t.invocation}
  where id = any(${ids})
  order by id for no key update)`;
}

/** Joins the rows of `v(id, epoch, …)` with those held that still run under the epoch of the write. */
export const ON_LIVE_LEASE = `join held on held.id = v.id and held.epoch = v.epoch and held.status = 'running'`;

/** Whether a row of those held is over, for which nothing arrives any more. */
export const IS_OVER = `held.status in (${literals(STATUSES.filter(isTerminal))})`;
