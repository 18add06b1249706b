import type { Tables } from '../tables.js';

/** The last value that a handler set. Parameters: id, name. At most one row: `value`. */
export function progress(t: Tables): string {
  return `select value from ${t.entry}
where invocation_id = $1::uuid and kind = 'set' and name = $2 and outcome = 'ok' order by index desc limit 1`;
}
