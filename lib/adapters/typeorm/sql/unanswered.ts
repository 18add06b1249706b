import type { Tables } from '../tables.js';

/** Invocations that are over, and whose outcome attached entries wait for still. Parameter: limit. Rows: `id`. @param limit SQL */
export function unanswered(t: Tables, limit = '$1::int'): string {
  return `select id from ${t.invocation} where attached and finished_at is not null order by id limit ${limit}`;
}
