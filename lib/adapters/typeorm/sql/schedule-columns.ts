import { epochMs } from './columns.js';

/** Columns of a schedule `s`: a {@link ScheduleTuple}. */
export const SCHEDULE_COLUMNS = `s.name, s.service, s.handler, s.kind, s.object_key as key, s.input, s.cron,
  s.time_zone as "timeZone", s.every_ms as "everyMs", s.overlap, s.catch_up as "catchUp", s.revision,
  s.digest is not null as "isDeclared", s.paused as "isPaused", ${epochMs('s.next_at')} as "nextAt",
  ${epochMs('s.last_at')} as "lastAt", s.last_invocation_id as "lastInvocationId", s.late_by_ms as "lateByMs",
  s.skipped, ${epochMs('s.created_at')} as "createdAt"`;

/** Columns of a definition, in the order of {@link definitionValues}. */
export const DEFINITION = `name, service, handler, kind, object_key, input, cron, time_zone, every_ms, overlap, catch_up`;
