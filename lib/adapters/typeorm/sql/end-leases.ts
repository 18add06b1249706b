import type { Tables } from '../tables.js';

/** Ends the leases of all workers. What they own is then found by a reap. */
export function endLeases(t: Tables): string {
  return `delete from ${t.worker}`;
}
