import type { Tables } from '../tables.js';
import { promoteLocks } from './promote-lock.js';
import { isAmong } from './fence.js';
import { CLAIM_COLUMNS, CLAIM_RETURNING } from './take.js';

/**
 * Gives locked objects that nobody holds to the first in line. A statement of its own after the lock, for a snapshot
 * that has whoever queued before it: among those the lowest ticket is the first.
 *
 * Parameters: ids, worker or null. Rows: {@link PromotedRow}, of those that are leased now, or due. The state is that of the
 * snapshot, and as it is under the lock: it is changed by holders only, and by who takes an object that nobody has or
 * waits for; each of them changes the row of the object, too.
 */
export function promoteTake(t: Tables): string {
  return `with ${take(t, `${t.object} o where o.id = any($1::uuid[])`)}`;
}

/**
 * The same with its lock, for objects that have not changed since the statement began: what it sees is then as it is
 * under the lock, for whoever queues, is given the object or lets go of it changes its row. Those that have changed are
 * left alone, and so are those whose first in line has: a resumption changes only that one.
 *
 * Parameters and rows: as {@link promoteTake}.
 */
export function promote(t: Tables): string {
  // The lock gives a row as it is after the wait, at its new place; the join finds it as it was, at its old one.
  const changed = `select i.object_id from next join ${t.invocation} i on i.id = next.id where i.ctid <> next.place`;
  const unchanged = `locked join ${t.object} o on o.id = locked.id where o.ctid = locked.place
    and not (${isAmong('o.id', changed)})`;
  return `with ${promoteLocks(t)},
${take(t, unchanged)}`;
}

/** @param objects the objects `o`, with a condition */
function take(t: Tables, objects: string): string {
  return `line as materialized (
  select o.id as object_id, array(
    select i.id from ${t.invocation} i
    where i.object_id = o.id and i.ticket is not null and i.finished_at is null
    order by i.ticket limit 2) as ids
  from ${objects}
    and not exists (select from ${t.invocation} h where h.id = o.holder and h.finished_at is null)),
left_alone as (
  delete from ${t.object} o using line where o.id = line.object_id and cardinality(line.ids) = 0),
given as (
  update ${t.object} o set holder = line.ids[1], waiting = cardinality(line.ids) > 1
  from line where o.id = line.object_id and cardinality(line.ids) > 0),
promoted as (
  update ${t.invocation} i set
    status = case when $2::text is null then i.status else 'running' end,
    owner = $2::text,
    epoch = case when $2::text is null then i.epoch else i.epoch + 1 end,
    due_at = case when $2::text is null then ${t.now} end,
    claimed_at = case when $2::text is null then i.claimed_at else ${t.now} end
  from line where i.id = line.ids[1] and i.status = 'scheduled' and i.due_at is null
  returning ${CLAIM_RETURNING})
select id, ${CLAIM_COLUMNS}, null::float8 as "dueInMs", case when $2::text is not null then coalesce((
  select json_agg(json_build_array(s.name, s.value)) from ${t.state} s where s.object_id = promoted."objectId"), '[]'
)::text end as state
from promoted`;
}
