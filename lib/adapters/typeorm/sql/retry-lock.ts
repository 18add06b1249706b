import type { Tables } from '../tables.js';

/** Locks an invocation to make it due again. Parameter: id. At most one row: `status`. */
export function retryLock(t: Tables): string {
  return `select status from ${t.invocation} where id = $1::uuid for no key update`;
}
