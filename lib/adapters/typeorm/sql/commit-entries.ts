import type { EntryWrite } from '../../../ports/store.js';
import { milliseconds, timestamp, wholeMilliseconds } from '../parameters.js';
import type { Column, Parameters } from '../parameters.js';
import type { Tables } from '../tables.js';
import { isLive } from './fence.js';

const COLUMNS: readonly Column<EntryWrite>[] = [
  ['id', 'uuid', row => row.lease.invocationId],
  ['epoch', 'int', row => row.lease.epoch],
  ['index', 'int', row => row.index],
  ['kind', 'text', row => row.kind],
  ['name', 'text', row => row.name],
  ['called_after', 'int', row => row.calledAfter],
  ['seq', 'int', row => row.seq],
  ['outcome', 'text', row => row.outcome],
  ['value', 'text', row => row.value],
  ['tries', 'int', row => row.tries],
  ['due_in', 'float8', row => milliseconds(row.dueInMs)],
  ['duration', 'int', row => wholeMilliseconds(row.durationMs)],
];

const AT: Column<EntryWrite> = ['at', 'timestamptz', row => (row.at ? timestamp(row.at) : null)];

/**
 * Part `written` of a commit: entries under a live lease. One that was delivered never changes, and one that
 * already is what it should become is left alone, so that a batch applied again changes nothing. One that was settled
 * from outside is not opened again.
 */
export function written(t: Tables, p: Parameters, entries: readonly EntryWrite[]): string {
  const dated = entries.some(({ at }) => at !== undefined);
  const dueIn = `${t.now} + v.due_in * interval '1 millisecond'`;
  return `written as (
  insert into ${t.entry} as e (invocation_id, index, kind, name, called_after, seq, outcome, value, tries, due_at, epoch,
    duration_ms, written_at)
  select v.id, v.index, v.kind, v.name, v.called_after, v.seq, v.outcome, v.value, v.tries,
    ${dated ? `case when v.at is null then ${dueIn} else greatest(v.at, ${t.now}) end` : dueIn}, v.epoch, v.duration, ${t.now}
  from ${p.unnest('v', entries, dated ? [...COLUMNS, AT] : COLUMNS)}
  where ${isLive('v.id, v.epoch')}
  on conflict (invocation_id, index) do update set
    kind = excluded.kind, name = excluded.name, called_after = excluded.called_after, seq = excluded.seq,
    outcome = excluded.outcome, value = excluded.value, tries = excluded.tries, due_at = excluded.due_at,
    epoch = excluded.epoch, duration_ms = excluded.duration_ms, written_at = excluded.written_at
  where e.seq is null and (e.outcome is null or excluded.outcome is not null)
    and (e.epoch, e.tries, e.seq, e.outcome, e.value)
      is distinct from (excluded.epoch, excluded.tries, excluded.seq, excluded.outcome, excluded.value)
  returning invocation_id, index, epoch)`;
}
