import type { Tables } from '../tables.js';

/** What invocations ended with. Parameter: ids. Rows: `Settled`, of those that are over. */
export function outcomes(t: Tables): string {
  return `select id, status, output, error from ${t.invocation} where id = any($1::uuid[]) and finished_at is not null`;
}
