import type { Tables } from '../tables.js';

/** Milliseconds since 1970 of a `timestamptz` expression: a number, whatever type parsers an application has set. */
export function epochMs(timestamp: string): string {
  return `(extract(epoch from ${timestamp}) * 1000)::float8`;
}

/** Milliseconds of an `interval` expression, not negative. */
export function msLeft(interval: string): string {
  return `greatest(0, extract(epoch from ${interval}) * 1000)::float8`;
}

/** Condition that a `timestamptz` expression is at most so many milliseconds ago; `null`: however long. @param ms placeholder */
export function since(t: Tables, timestamp: string, ms: string): string {
  return `${timestamp} >= case when ${ms}::float8 is null then '-infinity'::timestamptz
    else ${t.now} - ${ms}::float8 * interval '1 millisecond' end`;
}

/** Columns of an {@link InvocationTuple}. */
export const INVOCATION_COLUMNS = `id, service, handler, object_key as key, parent_id as "parentId", status, epoch, owner, origin,
  failed_attempts as "failedAttempts", deaths, input, output, error,
  ${epochMs('created_at')} as "createdAt", ${epochMs('due_at')} as "dueAt", ${epochMs('finished_at')} as "finishedAt"`;
