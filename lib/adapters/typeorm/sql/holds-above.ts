import type { Tables } from '../tables.js';

/** Whether an invocation, or one that waits for it, holds an object. Parameters: id, object. One row: `holds`. */
export function holdsAbove(t: Tables): string {
  return `with recursive above as (
  select id, parent_id, parent_index from ${t.invocation} where id = $1::uuid
  union
  select i.id, i.parent_id, i.parent_index from above join ${t.invocation} i on i.id = above.parent_id
  where above.parent_index is not null)
select exists (select from ${t.object} o where o.id = $2::uuid and o.holder in (select id from above)) as holds`;
}
