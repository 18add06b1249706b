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
 * Parameters: services, milliseconds overdue, worker, limit, milliseconds to go back (`null`: all), whether to say when the
 * next one is due. Rows: {@link DueRow}, longest due first, then that of the next. What another has claimed since the
 * statement began is looked at again under the lock.
 *
 * @param services how many there are, at least one
 */
export function claimDue(t: Tables, services: number): string {
  const isDue = `due_at <= ${t.now} - $2::float8 * interval '1 millisecond'`;
  const line = (_: unknown, at: number): string => `(select id, due_at from ${t.invocation}
    where service = ($1::text[])[${at + 1}] and ${isDue}
      and ${since(t, 'due_at', '$5')}
    order by due_at limit $4::int + ${LOCKED_BY_OTHERS})`;
  const next = (_: unknown, at: number): string => `(select due_at from ${t.invocation}
    where service = ($1::text[])[${at + 1}] and due_at > ${t.now} order by due_at limit 1)`;
  const each = (part: typeof line): string =>
    Array.from({ length: services }, part).join('\n    union all\n    ');
  return `with due as materialized (
  select i.id, i.due_at from (
    ${each(line)}) line
  join ${t.invocation} i on i.id = line.id
  where i.${isDue}
  order by line.due_at limit $4::int for no key update of i skip locked),
${taken(t, '$3::text')}
(select id, ${CLAIM_COLUMNS}, null::float8 as "dueInMs", ${msLeft(`${t.now} - due_at`)} as "dueAgoMs"
from taken order by due_at)
union all
select null, 0, '', '', '', '', 0, 0, 0, null, null, null, null, 0, null, 0, ${msLeft(`first.due_at - ${t.now}`)}, 0
from (select min(due_at) as due_at from (
    ${each(next)}) line where $6::boolean) first
where first.due_at is not null`;
}
