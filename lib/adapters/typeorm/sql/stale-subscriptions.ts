import type { Tables } from '../tables.js';
import { isDead } from './dead.js';

/**
 * Deletes subscriptions that the last word on their service does not uphold: their worker's lease is over, and one
 * that serves the service has started since. The word of every live worker counts, and of those that are gone that of
 * the last.
 *
 * @param ended expression: whether the worker of the subscription `s` is gone
 * @param heir expression: whether the worker `w`, which serves its service, is there and younger
 */
export function deleteStale(t: Tables, ended = endedIn(t), heir = heirIn(t)): string {
  // Who meets another one on the same rows leaves them to it.
  return `delete from ${t.subscription} where (event, service, handler, worker_id) in (
    select s.event, s.service, s.handler, s.worker_id from ${t.subscription} s
    where ${ended} and ${heir}
    for update skip locked)`;
}

/** Whether the worker of a subscription `s` has no lease. */
export function endedIn(t: Tables): string {
  return isDead(t, 's.worker_id');
}

/** Whether a worker that serves the service of a subscription `s` has started since, and lives. */
export function heirIn(t: Tables, but = ''): string {
  return `exists (select from ${t.worker} w
      where s.service = any(w.services) and w.lease_until >= ${t.now} and w.started_at > s.declared_at${but})`;
}
