import type { InvocationStatus } from '../../../lib/engine/status.js';
import type { DirectDatabase } from './database.js';

/** A row of the invocation table. */
export interface InvocationRow {
  readonly id: string;
  readonly status: InvocationStatus;
  readonly epoch: number;
  readonly owner: string | null;
  readonly deaths: number;
  readonly failedAttempts: number;
  readonly output: string | null;
  readonly error: string | null;
  /** Of a virtual object; `queued`: it is to have it for itself. */
  readonly objectId: string | null;
  readonly queued: boolean;
  /** Milliseconds of the database's clock, as all times here. */
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** Slot of the schedule that started it. */
  readonly slot: number | null;
  /** Transaction that wrote this version of the row. */
  readonly version: string;
}

/** A row of the entry table. */
export interface EntryRow {
  readonly id: string;
  readonly index: number;
  readonly kind: string;
  readonly name: string;
  readonly outcome: 'ok' | 'error' | null;
  readonly value: string | null;
  readonly seq: number | null;
  readonly epoch: number;
  /** When its last write began. */
  readonly writtenAt: number;
  readonly version: string;
}

/** All that is stored at one moment. */
export interface Records {
  readonly invocations: readonly InvocationRow[];
  readonly entries: readonly EntryRow[];
  /** Signals that were not taken. */
  readonly signals: readonly string[];
  /** Objects that are held or waited for. */
  readonly objects: readonly string[];
  /** Ids of workers that have a lease. */
  readonly workers: readonly string[];
}

const msOf = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

const ALL = `select
  (select coalesce(json_agg(json_build_object('id', id, 'status', status, 'epoch', epoch, 'owner', owner,
    'deaths', deaths, 'failedAttempts', failed_attempts, 'output', output, 'error', error, 'version', xmin::text,
    'objectId', object_id, 'queued', ticket is not null, 'createdAt', ${msOf('created_at')},
    'finishedAt', ${msOf('finished_at')}, 'slot', substring(input from '"scheduledFor":([0-9]+)')::float8)
    order by id), '[]') from durable.invocation)::text as invocations,
  (select coalesce(json_agg(json_build_object('id', invocation_id, 'index', index, 'kind', kind, 'name', name, 'outcome', outcome,
    'value', value, 'seq', seq, 'epoch', epoch, 'writtenAt', ${msOf('written_at')}, 'version', xmin::text) order by invocation_id, index), '[]')
    from durable.entry)::text as entries,
  (select coalesce(json_agg(name), '[]') from durable.signal where taken_by is null)::text as signals,
  (select coalesce(json_agg(key), '[]') from durable.object)::text as objects,
  (select coalesce(json_agg(id), '[]') from durable.worker)::text as workers`;

/** Reads everything in one snapshot. */
export async function readRecords(database: DirectDatabase): Promise<Records> {
  const [row] = await database.query<Record<keyof Records, string>>(ALL);
  const list = <T>(text: string | undefined): T[] => JSON.parse(text ?? '[]') as T[];
  return {
    invocations: list<InvocationRow>(row?.invocations),
    entries: list<EntryRow>(row?.entries),
    signals: list<string>(row?.signals),
    objects: list<string>(row?.objects),
    workers: list<string>(row?.workers),
  };
}
