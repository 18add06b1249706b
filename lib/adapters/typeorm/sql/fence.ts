import type { Tables } from '../tables.js';

/**
 * The fence: locks the rows that a batch writes under, in id order, and gives them as they are *after* the wait.
 *
 * A predicate alone would not do. Under READ COMMITTED a write that began before a take-over and commits after
 * it would leak; the row lock makes one of the two wait for the other, and PostgreSQL then reads the row again.
 *
 * @param ids placeholder of the ids, without duplicates.
 */
export function held(t: Tables, ids: string): string {
  return `held as materialized (
  select id, epoch, status from ${t.invocation}
  where id = any(${ids})
  order by id for no key update)`;
}

/** Joins the rows of `v(id, epoch, …)` with those held that still run under the epoch of the write. */
export const ON_LIVE_LEASE = `join held on held.id = v.id and held.epoch = v.epoch and held.status = 'running'`;
