import type { Tables } from '../tables.js';

/**
 * States of objects. Parameter: ids. Rows: `objectId`, `name`, `value`. Each state by itself, for the reason that
 * `journals` has.
 */
export function states(t: Tables): string {
  return `select s.object_id as "objectId", s.name, s.value
from unnest($1::uuid[]) as v(id)
cross join lateral (
  select * from ${t.state} where object_id = v.id order by object_id, name) s`;
}
