import type { Tables } from '../tables.js';
import { msLeft } from './columns.js';

/** The time until the next invocation is due. Parameter: services. At most one row: `dueInMs`. */
export function nextDue(t: Tables): string {
  return `select ${msLeft(`due_at - ${t.now}`)} as "dueInMs" from ${t.invocation}
where due_at is not null and service = any($1::text[]) order by due_at limit 1`;
}
