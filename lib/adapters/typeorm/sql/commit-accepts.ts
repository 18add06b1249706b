import type { NewInvocation } from '../../../ports/store.js';
import { milliseconds, timestamp } from '../parameters.js';
import type { Column, Parameters } from '../parameters.js';
import type { Tables } from '../tables.js';

const COLUMNS: readonly Column<NewInvocation>[] = [
  ['id', 'uuid', row => row.id],
  ['service', 'text', row => row.service],
  ['handler', 'text', row => row.handler],
  ['owner', 'text', row => row.owner],
  ['delay', 'float8', row => milliseconds(row.delayMs)],
  ['at', 'timestamptz', row => row.at && timestamp(row.at)],
  ['origin', 'text', row => row.origin],
  ['input', 'text', row => row.input],
];

/**
 * Part `accepted` of a commit: new invocations, leased to their owner, or due after their delay or at their date;
 * one that is past counts as now, so that nothing comes before what has waited. An id that exists is left as it is.
 *
 * @param accepts sorted by id and without duplicates, so that two batches wait for each other one way only.
 * @param afterLocks whether the statement has a fence: its locks come before these inserts, for the same reason.
 */
export function accepted(
  t: Tables,
  p: Parameters,
  accepts: readonly NewInvocation[],
  afterLocks: boolean,
): string {
  return `accepted as (
  insert into ${t.invocation} (id, service, handler, status, epoch, owner, due_at, origin, input, created_at, claimed_at)
  select id, service, handler,
    case when owner is null then 'scheduled' else 'running' end,
    case when owner is null then 0 else 1 end,
    owner,
    case when owner is null then
      case when at is null then ${t.now} + delay * interval '1 millisecond'
      else greatest(at, ${t.now}) end
    end,
    origin, input, ${t.now},
    case when owner is not null then ${t.now} end
  from ${p.unnest('v', accepts, COLUMNS)}${afterLocks ? '\n  where (select count(*) from held) >= 0' : ''}
  on conflict (id) do nothing
  returning id)`;
}
