import type { Tables } from '../tables.js';

/** Gives poison invocations their errors, in the transaction that took them. Parameters: ids, errors. */
export function reapFail(t: Tables): string {
  return `update ${t.invocation} i set error = v.error
from unnest($1::uuid[], $2::text[]) as v(id, error) where i.id = v.id`;
}
