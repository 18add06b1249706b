import type { EntryWrite, StateWrite } from '../../../ports/store.js';
import type { Column, Parameters } from '../parameters.js';
import type { Tables } from '../tables.js';
import { isAmong, isLive } from './fence.js';

type StatedEntry = EntryWrite & { readonly state: StateWrite };
type Stating = StatedEntry & { readonly place: number };
type TakingEntry = EntryWrite & { readonly signalId: string };

const STATE_COLUMNS: readonly Column<Stating>[] = [
  ['id', 'uuid', row => row.lease.invocationId],
  ['index', 'int', row => row.index],
  ['epoch', 'int', row => row.lease.epoch],
  ['object_id', 'uuid', row => row.state.objectId],
  ['name', 'text', row => row.state.name],
  ['value', 'text', row => row.state.value],
  ['place', 'int', row => row.place],
];

const SIGNAL_COLUMNS: readonly Column<TakingEntry>[] = [
  ['id', 'uuid', row => row.lease.invocationId],
  ['epoch', 'int', row => row.lease.epoch],
  ['index', 'int', row => row.index],
  ['signal_id', 'uuid', row => row.signalId],
];

/**
 * Parts of a commit that change the state of objects with the entries (part `written`) that say so: the last change of a
 * name counts. An entry that was there already has changed the state then.
 */
export function stated(t: Tables, p: Parameters, entries: readonly EntryWrite[]): string[] {
  const stating = entries.flatMap((entry, place) => (hasState(entry) ? [{ ...entry, place }] : []));
  if (stating.length === 0) return [];
  return [
    `changed as materialized (
  select distinct on (v.object_id, v.name) v.object_id, v.name, v.value
  from ${p.unnest('v', stating, STATE_COLUMNS)}
  where ${isAmong('v.id, v.index, v.epoch', 'select invocation_id, index, epoch from written')}
  order by v.object_id, v.name, v.place desc)`,
    `stated as (
  insert into ${t.state} as s (object_id, name, value, written_at)
  select object_id, name, value, ${t.now} from changed where value is not null
  on conflict (object_id, name) do update set value = excluded.value, written_at = excluded.written_at)`,
    `unstated as (
  delete from ${t.state} s using changed c
  where s.object_id = c.object_id and s.name = c.name and c.value is null)`,
  ];
}

/**
 * Part `taken` of a commit: signals that were delivered, out of the inbox. Their rows stay while their invocation does,
 * so that one that is sent again is not delivered again, and a retry that drops the entry gives them back.
 */
export function taken(t: Tables, p: Parameters, entries: readonly EntryWrite[]): string[] {
  const taking = entries.filter(hasSignal);
  if (taking.length === 0) return [];
  return [
    `taken as (
  update ${t.signal} s set taken_by = v.index from ${p.unnest('v', taking, SIGNAL_COLUMNS)}
  where s.invocation_id = v.id and s.id = v.signal_id and ${isLive('v.id, v.epoch')})`,
  ];
}

function hasState(entry: EntryWrite): entry is StatedEntry {
  return entry.state !== undefined;
}

function hasSignal(entry: EntryWrite): entry is TakingEntry {
  return entry.signalId !== undefined;
}
