import type { Tables } from '../tables.js';
import { deleteStale, endedIn, heirIn } from './stale-subscriptions.js';

/** Ends the lease of a worker, and its subscriptions where a younger one has the last word. Parameter: id. */
export function deregister(t: Tables): string {
  return `with ended as (delete from ${t.worker} where id = $1)
${deleteStale(t, `(s.worker_id = $1 or ${endedIn(t)})`, heirIn(t, ' and w.id <> $1'))}`;
}
