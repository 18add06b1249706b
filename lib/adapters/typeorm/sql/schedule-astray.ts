import type { Tables } from '../tables.js';
import { done } from './schedule-change.js';
import { declaredAs } from './schedule-declare.js';

/** Whether something is not as workers declare it. Parameters: services, names. One row: `astray`. */
export function scheduleAstray(t: Tables): string {
  return `select exists (
    select from unnest($2::text[]) as v(name) where not exists (select from ${t.schedule} s where s.name = v.name))
  or exists (
    select from ${t.schedule} s
    where s.digest is not null and s.service = any($1::text[]) and not ${declaredAs(t, 's')}) as astray`;
}

/** Locks declared schedules whose names no worker declares. Parameters: services, names to leave. Rows: `name`. */
export function scheduleUndeclared(t: Tables): string {
  return `select s.name from ${t.schedule} s
where s.digest is not null and s.service = any($1::text[]) and not s.name = any($2::text[]) and not ${named(t)}
order by s.name for update`;
}

/**
 * Deletes those that no worker declares still: a statement of its own after the lock, for a snapshot that has whoever
 * registered before it. Who registers later adds his schedules once this is through. Parameter: names. Rows: `name`.
 */
export function scheduleRemoveUndeclared(t: Tables): string {
  return done(`delete from ${t.schedule} s where s.name = any($1::text[]) and not ${named(t)}`);
}

function named(t: Tables): string {
  return `exists (select from ${t.worker} w where w.lease_until >= ${t.now} and jsonb_exists(w.schedules, s.name))`;
}
