import type { Tables } from '../tables.js';
import { isDead } from './dead.js';
import { overdue } from './overdue.js';
import { endedIn, heirIn } from './stale-subscriptions.js';
import { stranded } from './stranded.js';
import { unanswered } from './unanswered.js';

/**
 * What there is to do of all that housekeeping does: of each kind no more is looked for than the first. One row:
 * {@link ChoresRow}.
 *
 * Whoever owns something is found by leaps through the index, from one owner to the next, so that it does not matter how
 * much they drive. The rest asks for a first row by the order of an index: what `exists` asks for has no order, and a
 * table without statistics would be read from end to end for it.
 */
export function lookAround(t: Tables): string {
  return `with recursive owners as (
  (select owner as id from ${t.invocation} where owner is not null order by owner limit 1)
  union all
  select (select i.owner from ${t.invocation} i where i.owner > o.id order by i.owner limit 1)
  from owners o where o.id is not null)
select
  exists (select from ${t.worker} where lease_until < ${t.now})
    or exists (select from owners o where o.id is not null and ${isDead(t, 'o.id')})
    or exists (select from ${t.subscription} s where ${endedIn(t)} and ${heirIn(t)}) as reap,
  (${stranded(t, '1')}) is not null as stranded,
  (${unanswered(t, '1')}) is not null as unanswered,
  (select "dueInMs" from (${overdue(t, '1')}) first) as "deadlineInMs"`;
}
