import type { Tables } from '../tables.js';
import { msLeft, since } from './columns.js';
import { CLAIM_COLUMNS, taken } from './take.js';

/**
 * Claims what has been due for a while, longest due first.
 *
 * Parameters: services, milliseconds overdue, worker, limit, milliseconds to go back (`null`: all). Rows: {@link ClaimRow}
 * with `dueAgoMs`.
 */
export function claimDue(t: Tables): string {
  return `with due as materialized (
  select id, due_at from ${t.invocation}
  where due_at <= ${t.now} - $2::float8 * interval '1 millisecond' and service = any($1::text[])
    and ${since(t, 'due_at', '$5')}
  order by due_at limit $4::int for no key update skip locked),
${taken(t, '$3::text')}
select id, ${CLAIM_COLUMNS}, null::float8 as "dueInMs", ${msLeft(`${t.now} - due_at`)} as "dueAgoMs"
from taken order by due_at`;
}
