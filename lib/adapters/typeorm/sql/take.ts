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
  returning i.id, i.epoch, i.service, i.handler, i.input, i.origin, i.failed_attempts as "failedAttempts", i.deaths,
    ${epochMs('i.created_at')} as "createdAt", due.due_at)`;
}
