import type { Tables } from '../tables.js';

/** Starts the lease of a worker. Parameters: id, host, pid, services, milliseconds. Repeated, it renews. */
export function register(t: Tables): string {
  return `insert into ${t.worker} as w (id, host, pid, services, started_at, lease_until)
values ($1, $2, $3, $4::text[], ${t.now}, ${t.now} + $5::float8 * interval '1 millisecond')
on conflict (id) do update set lease_until = excluded.lease_until`;
}
