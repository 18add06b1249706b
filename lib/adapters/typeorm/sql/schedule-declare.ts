import type { Tables } from '../tables.js';
import { DEFINITION } from './schedule-columns.js';

const TYPES = ['text', 'text', 'text', 'text', 'text', 'text', 'text', 'text', 'float8', 'text', 'text'];

/**
 * Holds schedules against their removal, after those who remove them now; firing goes on meanwhile. Without it, one that
 * is as it should be could be gone a moment later. Parameter: names.
 */
export function scheduleHold(t: Tables): string {
  return `select name from ${t.schedule} where name = any($1::text[]) order by name for key share`;
}

/**
 * Adds declared schedules, in the order of their names, and changes those that differ. Those that do not are not
 * locked: they may be fired meanwhile.
 *
 * Parameters: an array for each column of the definition, digests, next slots, whether to change what a worker declares
 * whose lease runs.
 */
export function scheduleDeclare(t: Tables): string {
  const arrays = TYPES.map((type, at) => `$${at + 1}::${type}[]`).join(', ');
  const set = DEFINITION.split(', ')
    .slice(1)
    .map(column => `${column} = excluded.${column}`);
  const timing = (row: string): string => `(${row}.cron, ${row}.time_zone, ${row}.every_ms, ${row}.overlap)`;
  return `insert into ${t.schedule} as s (${DEFINITION}, digest, next_at, created_at)
select v.*, ${t.now} from unnest(${arrays}, $12::uuid[], $13::timestamptz[]) as v(${DEFINITION}, digest, next_at)
where not exists (select from ${t.schedule} k where k.name = v.name and k.digest = v.digest)
order by v.name
on conflict (name) do update set ${set.join(', ')}, digest = excluded.digest, revision = s.revision + 1,
  next_at = case when ${timing('s')} is distinct from ${timing('excluded')} then excluded.next_at else s.next_at end
where s.digest is distinct from excluded.digest and s.digest is not null
  and ($14::boolean or not ${declaredAs(t, 's')})`;
}

/** Names that belong to schedules which no code declares. Parameter: names. Rows: `name`. */
export function scheduleTaken(t: Tables): string {
  return `select name from ${t.schedule} where name = any($1::text[]) and digest is null order by name`;
}

/** Whether a worker whose lease runs declares a schedule with the definition that it has. */
export function declaredAs(t: Tables, schedule: string): string {
  return `exists (select from ${t.worker} w
    where w.lease_until >= ${t.now} and w.schedules ->> ${schedule}.name = ${schedule}.digest::text)`;
}
