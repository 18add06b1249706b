import type { Tables } from '../tables.js';

/** Waits until no transaction holds the fence of an invocation, and takes it. Parameter: id. At most one row. */
export function recordedLock(t: Tables): string {
  return `select epoch, status from ${t.invocation} where id = $1::uuid for no key update`;
}

/**
 * The outcome of an entry. Parameters: id of the invocation, index. At most one row.
 *
 * A statement of its own, after the lock: its snapshot is younger than what was waited for.
 */
export function recordedOutcome(t: Tables): string {
  return `select outcome, value from ${t.entry}
where invocation_id = $1::uuid and index = $2::int and outcome is not null`;
}
