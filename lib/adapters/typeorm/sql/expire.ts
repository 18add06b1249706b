import type { Tables } from '../tables.js';

/** Takes away the deadline of an invocation, if it is past. Parameter: id. Rows: `id`. */
export function expire(t: Tables): string {
  return `with expired as (
  delete from ${t.deadline} where invocation_id = $1::uuid and at <= ${t.now} returning invocation_id as id)
select id from expired`;
}
