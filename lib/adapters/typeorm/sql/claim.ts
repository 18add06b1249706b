import type { Tables } from '../tables.js';
import { msLeft } from './columns.js';
import { CLAIM_COLUMNS, taken } from './take.js';

/**
 * Claims those of the ids that are due, and tells which are due later (`dueInMs`).
 *
 * Parameters: ids, services, worker. Rows: {@link ClaimRow}. What another claim holds locked is skipped: it is
 * being taken.
 */
export function claim(t: Tables): string {
  return `with due as materialized (
  select id, due_at from ${t.invocation}
  where id = any($1::uuid[]) and service = any($2::text[]) and due_at <= ${t.now}
  order by id for no key update skip locked),
${taken(t, '$3::text')}
select id, ${CLAIM_COLUMNS}, null::float8 as "dueInMs"
from taken
union all
select id, epoch, service, '', '', '', 0, 0, 0, null, null, null, null, 0, null, 0, ${msLeft(`due_at - ${t.now}`)}
from ${t.invocation}
where id = any($1::uuid[]) and service = any($2::text[]) and due_at > ${t.now}`;
}
