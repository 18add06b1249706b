import type { Tables } from '../tables.js';

/** Lets no slot of a schedule start. Parameter: name. A row if there is one. */
export function schedulePause(t: Tables): string {
  return done(`update ${t.schedule} set paused = true where name = $1`);
}

/** Goes on with a slot. Parameters: name, revision, next slot. A row if it is the schedule that was seen. */
export function scheduleResume(t: Tables): string {
  return done(`update ${t.schedule} set paused = false,
  next_at = case when paused then $3::timestamptz else next_at end
  where name = $1 and revision = $2::int`);
}

/** Deletes a schedule that no code declares. Parameter: name. A row if there was one. */
export function scheduleRemove(t: Tables): string {
  return done(`delete from ${t.schedule} where name = $1 and digest is null`);
}

/** What changes rows, as a query that gives their names, whatever TypeORM makes of the answers of other statements. */
export function done(change: string): string {
  return `with done as (${change} returning name) select name from done`;
}
