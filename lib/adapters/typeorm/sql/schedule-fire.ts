import type { Tables } from '../tables.js';

/**
 * Locks a schedule if its next slot is the one that was seen, and due. One that another process deals with is left to
 * it. Parameters: name, revision, next slot. A row if it is locked.
 */
export function scheduleLock(t: Tables): string {
  return `select name from ${t.schedule}
where name = $1 and revision = $2::int and next_at = $3::timestamptz and next_at <= ${t.now} and not paused
for no key update skip locked`;
}

/**
 * Goes on to the next slot. Parameters: name, next slot, last slot that was started or null, its invocation, slots that
 * are passed.
 */
export function scheduleAdvance(t: Tables): string {
  return `update ${t.schedule} set next_at = $2::timestamptz,
  last_at = coalesce($3::timestamptz, last_at), last_invocation_id = coalesce($4::uuid, last_invocation_id),
  late_by_ms = coalesce(extract(epoch from ${t.now} - $3::timestamptz)::float8 * 1000, late_by_ms),
  skipped = skipped + $5::int
where name = $1`;
}
