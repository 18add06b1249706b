import type { Tables } from '../tables.js';
import { isDead } from './dead.js';
import { deleteStale } from './stale-subscriptions.js';

/**
 * Ends leases that ran out, and finds orphans: what is owned and belongs to no worker whose lease runs.
 *
 * The subscriptions of those that are gone end with it, where a younger worker has the last word.
 *
 * Parameter: limit. Rows: `id`. Nothing is taken yet, so that a reap that finds nothing is one round trip. A
 * lease that is being renewed at this moment is left alone.
 */
export function reapFind(t: Tables): string {
  return `with ended as (
  delete from ${t.worker} where id in (
    select id from ${t.worker} where lease_until < ${t.now} order by id for update skip locked)),
stale as (
  ${deleteStale(t)})
select i.id from ${t.invocation} i
where i.owner is not null and ${isDead(t, 'i.owner')}
order by i.owner limit $1::int`;
}
