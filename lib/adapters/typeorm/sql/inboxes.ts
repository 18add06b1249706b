import type { Tables } from '../tables.js';

/** What has arrived for invocations and was not delivered. Parameter: ids. Rows: {@link InboxRow}. */
export function inboxes(t: Tables): string {
  return `select i.id as "invocationId", i.epoch, i.wakes,
  (select json_agg(json_build_array(e.index, e.outcome, e.value) order by e.index)::text from ${t.entry} e
    where e.invocation_id = i.id and e.seq is null and e.outcome is not null
      and e.kind in ('call', 'attach', 'awakeable')) as settled,
  (select json_agg(json_build_array(s.id, s.name, s.value) order by s.number)::text from ${t.signal} s
    where s.invocation_id = i.id and s.taken_by is null) as signals
from ${t.invocation} i where i.id = any($1::uuid[])`;
}
