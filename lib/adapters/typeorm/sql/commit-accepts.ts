import type { NewInvocation } from '../../../ports/store.js';
import { milliseconds, timestamp } from '../parameters.js';
import type { Column, Parameters } from '../parameters.js';
import type { Tables } from '../tables.js';
import { joinsQueue } from './commit-objects.js';
import { isLive } from './fence.js';

type Placed = NewInvocation & { readonly place?: number };

const COLUMNS: readonly Column<Placed>[] = [
  ['id', 'uuid', row => row.id],
  ['service', 'text', row => row.service],
  ['handler', 'text', row => row.handler],
  ['owner', 'text', row => row.owner],
  ['delay', 'float8', row => milliseconds(row.delayMs)],
  ['at', 'timestamptz', row => row.at && timestamp(row.at)],
  ['origin', 'text', row => row.origin],
  ['input', 'text', row => row.input],
];

const DEADLINE_COLUMNS: readonly Column<Placed>[] = [
  ['lasts', 'float8', ({ deadline }) => (deadline && 'ms' in deadline ? milliseconds(deadline.ms) : null)],
  ['ends', 'timestamptz', ({ deadline }) => (deadline && 'at' in deadline ? timestamp(deadline.at) : null)],
];

const PARENT_COLUMNS: readonly Column<Placed>[] = [
  ['parent_id', 'uuid', row => row.parent && row.parent.lease.invocationId],
  ['parent_epoch', 'int', row => row.parent && row.parent.lease.epoch],
  ['parent_index', 'int', row => row.parent && row.parent.index],
];

const OBJECT_COLUMNS: readonly Column<Placed>[] = [
  ['object_id', 'uuid', row => row.object && row.object.id],
  ['object_key', 'text', row => row.object && row.object.key],
  ['queues', 'int', row => (joinsQueue(row) ? 1 : 0)],
  ['place', 'int', row => row.place ?? null],
];

/**
 * Parts `asked`, `accepted` and `limited` of a commit: new invocations, leased to their owner, or due after their delay or at
 * their date; one that is past counts as now, so that nothing comes before what has waited. An id that exists is left
 * as it is. What another invocation asks for is accepted only under that one's lease.
 *
 * Those that queue for an object (part `gate`) are leased or due only if they are the first in line.
 *
 * @param accepts in the order of the batch
 * @param afterLocks whether the statement has a fence: its locks come before these inserts, for the same reason.
 */
export function accepted(
  t: Tables,
  p: Parameters,
  accepts: readonly NewInvocation[],
  afterLocks: boolean,
  lines: (asked: string) => string[],
): string[] {
  const hasParents = accepts.some(({ parent }) => parent);
  const hasObjects = accepts.some(({ object }) => object);
  const queues = accepts.some(joinsQueue);
  const hasDeadlines = accepts.some(({ deadline }) => deadline);
  const columns = [
    ...COLUMNS,
    ...(hasDeadlines ? DEADLINE_COLUMNS : []),
    ...(hasParents ? PARENT_COLUMNS : []),
    ...(hasObjects ? OBJECT_COLUMNS : []),
  ];
  const conditions = [
    ...(afterLocks ? ['(select count(*) from held) >= 0'] : []),
    ...(hasParents ? [`(v.parent_id is null or ${isLive('v.parent_id, v.parent_epoch')})`] : []),
    // Who is here already must not join the queue again.
    ...(queues ? [`not exists (select from ${t.invocation} i where i.id = v.id)`] : []),
  ];
  const where = conditions.length > 0 ? `\n  where ${conditions.join(' and ')}` : '';
  // Materialized only where others read it, too.
  const asked = `asked as ${queues ? 'materialized ' : ''}(
  select v.* from ${p.unnest('v', inIdOrder(accepts, queues), columns)}${where})`;
  const waits = queues ? '(gate.id is not null and gate.holder is distinct from a.id)' : 'false';
  const insert = `accepted as (
  insert into ${t.invocation} (id, service, handler, status, epoch, owner, due_at, origin, input, created_at, claimed_at${
    hasParents ? ', parent_id, parent_index' : ''
  }${hasObjects ? ', object_id, object_key' : ''}${queues ? ', ticket' : ''})
  select a.id, a.service, a.handler,
    case when a.owner is null or ${waits} then 'scheduled' else 'running' end,
    case when a.owner is null or ${waits} then 0 else 1 end,
    case when not ${waits} then a.owner end,
    case when a.owner is null and not ${waits} then
      case when a.at is null then ${t.now} + a.delay * interval '1 millisecond'
      else greatest(a.at, ${t.now}) end
    end,
    a.origin, a.input, ${t.now},
    case when a.owner is not null and not ${waits} then ${t.now} end${
      hasParents ? ', a.parent_id, a.parent_index' : ''
    }${hasObjects ? ', a.object_id, a.object_key' : ''}${queues ? ', a.ticket_back + gate.tail' : ''}
  from ${queues ? LINE_WITH_GATES : 'asked a'}
  on conflict (id) do nothing
  returning id, (status = 'scheduled' and due_at is null)::int as queued)`;
  return [asked, ...(queues ? lines('asked') : []), insert, ...(hasDeadlines ? [limited(t)] : [])];
}

/** A full join, which is never made by nested loops (see `isAmong`). Each gate has somebody in line, so it is a left one. */
const LINE_WITH_GATES = 'line a full join gate on gate.id = a.gate_id';

/** Part `limited`: when those that were accepted are to be over. */
function limited(t: Tables): string {
  return `limited as (
  insert into ${t.deadline} (invocation_id, at)
  select a.id, coalesce(a.ends, ${t.now} + a.lasts * interval '1 millisecond')
  from asked a join accepted on accepted.id = a.id
  where a.ends is not null or a.lasts is not null)`;
}

/** Sorted by id, so that two batches wait for each other one way only; the first of each. @param placed with its place */
function inIdOrder(accepts: readonly NewInvocation[], placed: boolean): Placed[] {
  const first = new Map<string, Placed>();
  accepts.forEach((accept, place) => {
    if (!first.has(accept.id)) first.set(accept.id, placed ? { ...accept, place } : accept);
  });
  return [...first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
