import type { Tables } from '../tables.js';
import { msLeft } from './columns.js';

/** Time until open entries are due. Parameters: ids, indexes. Rows in their order: `left`, 0 if there is nothing to wait for. */
export function remaining(t: Tables): string {
  return `select coalesce((
  select ${msLeft(`e.due_at - ${t.now}`)} from ${t.entry} e
  where e.invocation_id = v.id and e.index = v.index and e.outcome is null), 0) as left
from unnest($1::uuid[], $2::int[]) with ordinality as v(id, index, place) order by v.place`;
}
