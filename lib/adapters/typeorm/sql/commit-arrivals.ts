import type { Arrival } from '../../../ports/store.js';
import type { Column, Parameters } from '../parameters.js';
import type { Tables } from '../tables.js';
import { isAmong, NOT_OVER } from './fence.js';

type SignalArrival = Extract<Arrival, { kind: 'signal' }> & { readonly place: number };
type Completion = Extract<Arrival, { kind: 'completion' }>;

const SIGNAL_COLUMNS: readonly Column<SignalArrival>[] = [
  ['invocation_id', 'uuid', row => row.invocationId],
  ['id', 'uuid', row => row.id],
  ['name', 'text', row => row.name],
  ['value', 'text', row => row.value],
  ['place', 'int', row => row.place],
];

const COMPLETION_COLUMNS: readonly Column<Completion>[] = [
  ['invocation_id', 'uuid', row => row.entry.invocationId],
  ['index', 'int', row => row.entry.index],
  ['token', 'text', row => row.token],
  ['outcome', 'text', row => row.outcome],
  ['value', 'text', row => row.value],
];

/**
 * Part `signalled` of a commit: signals that are buffered, numbered in the order of their arrival. Those that were here
 * before leave gaps, which part `woken` skips.
 */
export function signalled(
  t: Tables,
  p: Parameters,
  signals: readonly Omit<SignalArrival, 'place'>[],
): string {
  const placed = signals.map((signal, place) => ({ ...signal, place }));
  return `signalled as (
  insert into ${t.signal} (invocation_id, id, number, name, value, created_at)
  select v.invocation_id, v.id, held.wakes + row_number() over (partition by v.invocation_id order by v.place),
    v.name, v.value, ${t.now}
  from ${p.unnest('v', placed, SIGNAL_COLUMNS)}
  join held on held.id = v.invocation_id
  where ${isAmong('v.invocation_id', NOT_OVER)}
  on conflict (invocation_id, id) do nothing
  returning invocation_id, id, number)`;
}

/**
 * Parts `completing`, as the awakeables were before, and `completed`: those that are settled now. Locked, they are read
 * again after a wait for another completion, whose answer this one's sender may have lost.
 */
export function completed(t: Tables, p: Parameters, completions: readonly Completion[]): string[] {
  return [
    `completing as materialized (
  select v.*, e.name = v.token as known, e.outcome = v.outcome and e.value = v.value as same
  from ${p.unnest('v', completions, COMPLETION_COLUMNS)}
  join ${t.entry} e on e.invocation_id = v.invocation_id and e.index = v.index and e.kind = 'awakeable'
  where ${isAmong('v.invocation_id', 'select id from held')}
  for no key update of e)`,
    `completed as (
  update ${t.entry} e set outcome = v.outcome, value = v.value, written_at = ${t.now}
  from completing v
  where e.invocation_id = v.invocation_id and e.index = v.index and v.known and e.outcome is null
    and ${isAmong('v.invocation_id', NOT_OVER)}
  returning e.invocation_id, e.index)`,
  ];
}

/** Part `answered` of a commit: the outcomes of invocations that are over, given to the calls that wait for them. */
export function answered(t: Tables): string {
  return `answered as (
  update ${t.entry} e set ${outcomeOf('m', t)}
  from moved m
  where m.over and e.invocation_id = m.parent_id and e.index = m.parent_index and ${IS_OPEN_CALL}
  returning e.invocation_id)`;
}

/** Whether an entry `e` waits for a child still: a retry of its invocation may have put another in its place. */
export const IS_OPEN_CALL = `e.kind = 'call' and e.outcome is null`;

/** Settles an entry with what an invocation ended with. @param row alias with its status, output and error */
export function outcomeOf(row: string, t: Tables): string {
  return `outcome = case when ${row}.status = 'completed' then 'ok' else 'error' end,
    value = case when ${row}.status = 'completed' then ${row}.output else ${row}.error end, written_at = ${t.now}`;
}

/**
 * Part `woken`: invocations that something arrived for. One that was suspended is due now.
 * @param from parts that have something for `invocation_id`
 */
export function woken(t: Tables, from: readonly string[]): string {
  const number = (part: string): string => (part === 'signalled' ? 'number' : 'null::int as number');
  const arrivals = from.map(part => `select invocation_id, ${number(part)} from ${part}`).join(' union all ');
  return `woken as (
  update ${t.invocation} i set
    wakes = greatest(i.wakes + arrival.count, arrival.last),
    due_at = case when i.status = 'suspended' then ${t.now} else i.due_at end
  from (select invocation_id, count(*)::int as count, max(number) as last from (${arrivals}) a group by invocation_id) arrival
  where i.id = arrival.invocation_id and i.finished_at is null
  returning i.id, i.service, i.wakes, i.owner)`;
}
