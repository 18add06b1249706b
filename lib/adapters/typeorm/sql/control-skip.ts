import type { Tables } from '../tables.js';

/**
 * Settles the open compensation of a locked invocation as done by hand; there is one at the most.
 *
 * Parameters: id, value. One row if there was one.
 */
export function controlSkip(t: Tables): string {
  return `with skipped as (
  update ${t.entry} set outcome = 'ok', value = $2, due_at = null, written_at = ${t.now}
  where invocation_id = $1::uuid and kind = 'compensation' and outcome is null
  returning index)
select index from skipped`;
}
