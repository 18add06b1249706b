import type { Tables } from '../tables.js';
import { DEFINITION } from './schedule-columns.js';

/** Adds a schedule, unless the name is in use. Parameters: its definition, the next slot. A row if it was added. */
export function scheduleCreate(t: Tables): string {
  return `insert into ${t.schedule} (${DEFINITION}, next_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::float8, $10, $11, $12::timestamptz, ${t.now})
on conflict (name) do nothing returning name`;
}
