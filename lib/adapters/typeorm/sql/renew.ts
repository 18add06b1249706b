import type { Tables } from '../tables.js';

/** Renews the lease of a worker. Parameters: id, milliseconds. One row, or none if the lease was ended. */
export function renew(t: Tables): string {
  return `with renewed as (
  update ${t.worker} set lease_until = ${t.now} + $2::float8 * interval '1 millisecond' where id = $1 returning id)
select id from renewed`;
}
