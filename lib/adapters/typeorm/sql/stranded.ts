import type { Tables } from '../tables.js';

/** Objects that others wait for, and that nobody holds who is not over. Parameter: limit. Rows: `id`. @param limit SQL */
export function stranded(t: Tables, limit = '$1::int'): string {
  return `select o.id from ${t.object} o
where o.waiting and coalesce((select h.finished_at is not null from ${t.invocation} h where h.id = o.holder), true)
order by o.id limit ${limit}`;
}
