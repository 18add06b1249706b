import type { Tables } from '../tables.js';
import { msLeft, since } from './columns.js';

/**
 * The time until the next invocation is due. Parameters: services, milliseconds to go back (`null`: all). At most one
 * row: `dueInMs`.
 */
export function nextDue(t: Tables): string {
  return `select ${msLeft(`due_at - ${t.now}`)} as "dueInMs" from ${t.invocation}
where due_at is not null and ${since(t, 'due_at', '$2')} and service = any($1::text[]) order by due_at limit 1`;
}
