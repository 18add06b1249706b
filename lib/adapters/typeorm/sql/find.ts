import type { Tables } from '../tables.js';
import { INVOCATION_COLUMNS } from './columns.js';

/** An invocation. Parameter: id. At most one {@link InvocationTuple}. */
export function find(t: Tables): string {
  return `select ${INVOCATION_COLUMNS} from ${t.invocation} where id = $1::uuid`;
}
