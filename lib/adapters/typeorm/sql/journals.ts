import type { Tables } from '../tables.js';

/**
 * Journals in call order. Parameter: ids. Rows: {@link EntryTuple}.
 *
 * Each journal by itself: the planner may believe that one of them is a large part of the table (it was, when the
 * table was analysed), and would read all of it for a few dozen.
 */
export function journals(t: Tables): string {
  return `select e.invocation_id as "invocationId", e.index, e.kind, e.name, e.called_after as "calledAfter", e.seq, e.outcome,
  e.value, e.tries, (extract(epoch from e.due_at - ${t.now}) * 1000)::float8 as "dueIn", e.epoch,
  e.duration_ms as "durationMs"
from unnest($1::uuid[]) as v(id)
cross join lateral (
  select * from ${t.entry} where invocation_id = v.id order by invocation_id, index) e`;
}
