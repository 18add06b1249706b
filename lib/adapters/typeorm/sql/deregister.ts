import type { Tables } from '../tables.js';

/** Ends the lease of a worker. Parameter: id. */
export function deregister(t: Tables): string {
  return `delete from ${t.worker} where id = $1`;
}
