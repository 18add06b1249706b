import { ANY_EVENT } from '../../../ports/events.js';
import { literals } from '../tables.js';
import type { Tables } from '../tables.js';

/** Who has subscribed to events, whichever worker declared it. Parameter: names. Rows: `event`, `service`, `handler`. */
export function subscribers(t: Tables): string {
  return `select distinct event, service, handler from ${t.subscription}
where event = any($1::text[] || array[${literals([ANY_EVENT])}])
order by service, handler, event`;
}
