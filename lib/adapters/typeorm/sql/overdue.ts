import type { Tables } from '../tables.js';
import { msLeft } from './columns.js';

/**
 * The first deadlines. Parameter: limit. Rows: `id`, `dueInMs` (0: it is past). @param limit SQL
 */
export function overdue(t: Tables, limit = '$1::int'): string {
  return `select invocation_id as id, ${msLeft(`at - ${t.now}`)} as "dueInMs"
from ${t.deadline} order by at limit ${limit}`;
}
