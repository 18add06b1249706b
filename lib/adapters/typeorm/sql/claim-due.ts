import type { Tables } from '../tables.js';
import { taken } from './take.js';

/**
 * Claims what has been due for a while, longest due first.
 *
 * Parameters: services, milliseconds overdue, worker, limit. Rows: {@link ClaimRow}.
 */
export function claimDue(t: Tables): string {
  return `with due as materialized (
  select id, due_at from ${t.invocation}
  where due_at <= ${t.now} - $2::float8 * interval '1 millisecond' and service = any($1::text[])
  order by due_at limit $4::int for no key update skip locked),
${taken(t, '$3::text')}
select id, epoch, service, handler, input, origin, "failedAttempts", deaths, "createdAt", null::float8 as "dueInMs"
from taken order by due_at`;
}
