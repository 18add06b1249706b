import { SAGA_INDEX } from '../../../engine/saga.js';
import type { Tables } from '../tables.js';

/**
 * Whether a locked invocation may have something to undo. A statement of its own after the lock, for a younger snapshot.
 *
 * Parameter: id. One row if it does: `settled`, whether all is undone.
 */
export function saga(t: Tables): string {
  return `select outcome is not null as settled from ${t.entry}
where invocation_id = $1::uuid and index = ${SAGA_INDEX}`;
}
