import type { DirectDatabase } from './database.js';

/** As many are told in full: what is stuck is stuck for one reason, mostly. */
const TOLD = 20;

interface Stuck {
  readonly id: string;
  readonly text: string;
}

const UNFINISHED = `select i.id,
  i.service || '.' || i.handler || ' is ' || i.status || ', epoch ' || i.epoch
  || case when i.owner is null then '' else ', owner ' || i.owner || case when w.id is null then ' (has no lease)'
     else ' (lease for ' || round(extract(epoch from w.lease_until - now())::numeric, 1) || ' s)' end end
  || case when i.due_at is null then ', not due' else ', due ' || round(extract(epoch from i.due_at - now())::numeric, 1) || ' s from now' end
  || case when i.object_key is null then '' else ', object ' || i.object_key || ' held by ' || coalesce(o.holder::text, 'nobody') end
  || ', ' || coalesce(last.text, 'no entry') as text
  from durable.invocation i
  left join durable.worker w on w.id = i.owner
  left join durable.object o on o.id = i.object_id
  left join lateral (
    select 'entry ' || e.index || ' ' || e.kind || ' "' || e.name || '" '
      || case when e.seq is not null then 'delivered' when e.outcome is not null then 'settled' else 'open' end as text
    from durable.entry e where e.invocation_id = i.id order by e.index desc limit 1) last on true
  where i.finished_at is null order by i.id limit 500`;

/** Says of every invocation that is not over where it is: its status, owner, due time and last entry. */
export async function describeStuck(database: DirectDatabase): Promise<string> {
  try {
    const rows = await database.query<Stuck>(UNFINISHED);
    if (rows.length === 0) return 'Every invocation is over.';
    const told = rows.slice(0, TOLD).map(({ id, text }) => `\n  ${id}: ${text}`);
    return `Not over${rows.length > TOLD ? `, the first ${TOLD} of ${rows.length}` : ''}:${told.join('')}`;
  } catch (error) {
    // Told instead of the failure that is being explained, it would hide it.
    return `What is not over cannot be read: ${String(error)}`;
  }
}
