import type { Tables } from '../tables.js';

/** Whether a worker has no lease that runs. @param id expression */
export function isDead(t: Tables, id: string): string {
  return `not exists (select from ${t.worker} w where w.id = ${id} and w.lease_until >= ${t.now})`;
}
