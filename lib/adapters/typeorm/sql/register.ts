import type { Tables } from '../tables.js';
import { deleteStale, endedIn } from './stale-subscriptions.js';

/**
 * Starts the lease of a worker and declares its subscriptions: at no moment is there one without the other.
 *
 * Parameters: id, host, pid, services, milliseconds; events, services and handlers of its subscriptions; schedules as
 * JSON. Repeated, it renews.
 */
export function register(t: Tables): string {
  const isServed = `s.service = any($4::text[]) and s.worker_id <> $1 and s.declared_at < ${t.now}`;
  return `with registered as (
  insert into ${t.worker} as w (id, host, pid, services, started_at, lease_until, schedules)
  values ($1, $2, $3, $4::text[], ${t.now}, ${t.now} + $5::float8 * interval '1 millisecond', $9::jsonb)
  on conflict (id) do update set lease_until = excluded.lease_until),
stale as (
  ${deleteStale(t, endedIn(t), isServed)})
insert into ${t.subscription} (worker_id, event, service, handler, declared_at)
select $1, v.event, v.service, v.handler, ${t.now}
from unnest($6::text[], $7::text[], $8::text[]) as v(event, service, handler)
on conflict do nothing`;
}
