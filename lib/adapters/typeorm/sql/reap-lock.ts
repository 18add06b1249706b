import type { Tables } from '../tables.js';

/** Locks orphans that nobody is writing for right now. Parameter: ids. Rows: `id`. */
export function reapLock(t: Tables): string {
  return `select id from ${t.invocation} where id = any($1::uuid[]) and owner is not null
order by id for no key update skip locked`;
}
