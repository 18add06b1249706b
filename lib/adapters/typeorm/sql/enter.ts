import type { Tables } from '../tables.js';
import { JOINED } from './commit-objects.js';

/**
 * Has a leased invocation queue for its object: it goes on if it is the first in line, else it waits for its turn.
 *
 * Parameters: id, epoch. Rows: `entered`; none if the lease is over.
 */
export function enter(t: Tables): string {
  return `with held as materialized (
  select id, service, object_id, object_key, ticket from ${t.invocation}
  where id = $1::uuid and epoch = $2::int and status = 'running' for no key update),
gate as (
  insert into ${t.object} as o (id, service, key, tail, holder, waiting)
  select object_id, service, object_key, 1, id, false from held where ticket is null and object_id is not null
  on conflict (id) do update set ${JOINED}
  returning id, tail, holder),
moved as (
  update ${t.invocation} i set
    ticket = gate.tail,
    status = case when gate.holder = i.id then 'running' else 'scheduled' end,
    owner = case when gate.holder = i.id then i.owner end
  from held join gate on gate.id = held.object_id where i.id = held.id)
select (held.ticket is not null or held.object_id is null or coalesce(gate.holder = held.id, false)) as entered
from held left join gate on gate.id = held.object_id`;
}
