import type { Tables } from '../tables.js';
import { msLeft } from './columns.js';

/** Journals in call order. Parameter: ids. Rows: {@link EntryTuple}. */
export function journals(t: Tables): string {
  return `select invocation_id as "invocationId", index, kind, name, called_after as "calledAfter", seq, outcome, value,
  tries, case when due_at is not null then ${msLeft(`due_at - ${t.now}`)} end as "dueIn", epoch,
  duration_ms as "durationMs"
from ${t.entry} where invocation_id = any($1::uuid[]) order by invocation_id, index`;
}
