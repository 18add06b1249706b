import { STATUSES, type InvocationStatus } from '../../../engine/status.js';
import type { ListQuery } from '../../../ports/store.js';
import { Parameters, timestamp } from '../parameters.js';
import type { Statement } from '../parameters.js';
import type { Tables } from '../tables.js';
import { INVOCATION_COLUMNS } from './columns.js';

/**
 * What else is true of a status, by which a partial index finds it among all that are over. The others have an index that is
 * theirs, but for `completed`, which most are.
 */
const FOUND_BY: Partial<Record<InvocationStatus, readonly string[]>> = {
  scheduled: ['(due_at is not null or (ticket is not null and finished_at is null))'],
  backing_off: ['due_at is not null'],
  running: ['owner is not null'],
};

/** A page of invocations, newest first, made of only the filters in use. Rows: {@link InvocationTuple}. */
export function list(t: Tables, query: ListQuery): Statement {
  const p = new Parameters();
  const filters: string[] = [];
  const { service, handler, status, parentId, since, after } = query;
  if (service !== undefined) filters.push(`service = ${p.add(service, 'text')}`);
  if (handler !== undefined) filters.push(`handler = ${p.add(handler, 'text')}`);
  if (status !== undefined) filters.push(isOf(status), ...(FOUND_BY[status] ?? []));
  if (parentId !== undefined) filters.push(`parent_id = ${p.add(parentId, 'uuid')}`);
  if (since) filters.push(`created_at >= ${p.add(timestamp(since), 'timestamptz')}`);
  if (after) {
    const place = [p.add(timestamp(after.createdAt), 'timestamptz'), p.add(after.id, 'uuid')];
    filters.push(`(created_at, id) < (${place.join(', ')})`);
  }
  const where = filters.length > 0 ? `where ${filters.join(' and ')}` : '';
  const text = `select ${INVOCATION_COLUMNS} from ${t.invocation}
${where}
order by created_at desc, id desc limit ${p.add(query.limit, 'int')}`;
  return { text, values: p.values };
}

/** In the text: of a parameter the planner does not know which partial index has it. */
function isOf(status: InvocationStatus): string {
  return STATUSES.includes(status) ? `status = '${status}'` : 'false';
}
