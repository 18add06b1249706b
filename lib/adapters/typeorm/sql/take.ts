import type { Tables } from '../tables.js';
import { epochMs } from './columns.js';

/**
 * Part `taken`: leases what part `due(id, due_at)` has locked to a worker, each under its next epoch.
 *
 * @param worker placeholder of the worker's id.
 */
export function taken(t: Tables, worker: string): string {
  return `taken as (
  update ${t.invocation} i
  set status = 'running', owner = ${worker}, epoch = i.epoch + 1, due_at = null, claimed_at = ${t.now}
  from due where i.id = due.id
  returning ${CLAIM_RETURNING}, due.due_at)`;
}

/** What a statement that leases invocations `i` returns of them: a {@link ClaimRow} but for `dueInMs`. */
export const CLAIM_RETURNING = `i.id, i.epoch, i.service, i.handler, i.input, i.origin,
    i.failed_attempts as "failedAttempts", i.deaths, i.wakes, i.parent_id as "parentId", i.parent_index as "parentIndex",
    i.object_id as "objectId", i.object_key as "objectKey", (i.ticket is not null)::int as entered, i.seed,
    ${epochMs('i.created_at')} as "createdAt"`;

/** The same columns, of a part that has them. */
export const CLAIM_COLUMNS = `epoch, service, handler, input, origin, "failedAttempts", deaths, wakes, "parentId",
  "parentIndex", "objectId", "objectKey", entered, seed, "createdAt"`;
