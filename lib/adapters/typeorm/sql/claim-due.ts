import type { Tables } from '../tables.js';
import { msLeft, since } from './columns.js';
import { CLAIM_COLUMNS, taken } from './take.js';

/** How many of a service may be locked by others in a moment, who are taking them. */
const LOCKED_BY_OTHERS = 1_000;

/**
 * Claims what has been due for a while, longest due first.
 *
 * Each service has a line of its own in the index, so that what is due elsewhere is not read: there may be any number of it
 * while nobody serves that service. The lines are merged lazily: a limit keeps the planner from sorting them whole.
 *
 * Parameters: services, milliseconds overdue, worker, limit, milliseconds to go back (`null`: all). Rows: {@link ClaimRow}
 * with `dueAgoMs`. What another has claimed since the statement began is looked at again under the lock.
 *
 * @param services how many there are, at least one
 */
export function claimDue(t: Tables, services: number): string {
  const isDue = `due_at <= ${t.now} - $2::float8 * interval '1 millisecond'`;
  const line = (_: unknown, at: number): string => `(select id, due_at from ${t.invocation}
    where service = ($1::text[])[${at + 1}] and ${isDue}
      and ${since(t, 'due_at', '$5')}
    order by due_at limit $4::int + ${LOCKED_BY_OTHERS})`;
  return `with due as materialized (
  select i.id, i.due_at from (
    ${Array.from({ length: services }, line).join('\n    union all\n    ')}) line
  join ${t.invocation} i on i.id = line.id
  where i.${isDue}
  order by line.due_at limit $4::int for no key update of i skip locked),
${taken(t, '$3::text')}
select id, ${CLAIM_COLUMNS}, null::float8 as "dueInMs", ${msLeft(`${t.now} - due_at`)} as "dueAgoMs"
from taken order by due_at`;
}
