import type { Tables } from '../tables.js';

/**
 * Makes a new invocation from the beginning of another one's journal, which is over or paused: what was called before
 * an entry, with the deliveries that came before it. Open entries are left out, to be begun anew, but for times and
 * awakeables, which user code has seen already.
 *
 * What was undone is not taken over as undone: what is taken over counts as done.
 *
 * It has an epoch behind it, as all have that have a journal. One that is to have its object for itself queues for it once it is claimed.
 *
 * Parameters: id, new id, index of the first entry that is not taken over, name of the client process. One row:
 * {@link RestartRow}.
 */
export function restart(t: Tables): string {
  return `with old as materialized (
  select id, service, handler, input, object_id, object_key, coalesce(seed, id) as seed, finished_at is not null or status = 'paused' as still
  from ${t.invocation} where id = $1::uuid),
mark as materialized (
  select coalesce(e.called_after, 0) as delivered
  from old left join ${t.entry} e on e.invocation_id = old.id and e.index = $3::int and e.kind <> 'compensation'
  where old.still and (e.index is not null or $3::int = 0)),
created as (
  insert into ${t.invocation} (id, service, handler, status, epoch, due_at, origin, input, created_at, object_id, object_key, seed)
  select $2::uuid, old.service, old.handler, 'scheduled', 1, ${t.now}, $4, old.input, ${t.now}, old.object_id, old.object_key, old.seed
  from old, mark
  on conflict (id) do nothing
  returning id),
copied as (
  insert into ${t.entry} (invocation_id, index, kind, name, called_after, seq, outcome, value, tries, due_at, epoch,
    duration_ms, written_at)
  select created.id, e.index, e.kind, e.name, e.called_after, case when e.seq < mark.delivered then e.seq end,
    case when e.kind <> 'saga' then e.outcome end, case when e.kind <> 'saga' then e.value end, e.tries, e.due_at, 0, e.duration_ms, e.written_at
  from created, mark, ${t.entry} e
  where e.invocation_id = $1::uuid and e.index < $3::int
    and e.kind <> 'compensation' and (e.outcome is not null or e.kind in ('sleep', 'awakeable', 'saga')))
select old.service, old.still, exists (select from mark) as marked from old`;
}
