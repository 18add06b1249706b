import type { Tables } from '../tables.js';
import { msLeft } from './columns.js';

/**
 * The time until the next invocation is due: the first of each service by itself, for the reason that `claimDue` has.
 * Parameter: services. At most one row: `dueInMs`.
 */
export function nextDue(t: Tables): string {
  return `select ${msLeft(`first.due_at - ${t.now}`)} as "dueInMs"
from unnest($1::text[]) as v(service)
cross join lateral (
  select due_at from ${t.invocation}
  where service = v.service and due_at is not null
  order by due_at limit 1) first
order by first.due_at limit 1`;
}
