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
  /** Transaction that wrote this version of the row. */
  readonly version: string;
}

/** A row of the entry table. */
export interface EntryRow {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly outcome: 'ok' | 'error' | null;
  readonly value: string | null;
  readonly seq: number | null;
  readonly epoch: number;
  readonly version: string;
}

/** All that is stored at one moment. */
export interface Records {
  readonly invocations: readonly InvocationRow[];
  readonly entries: readonly EntryRow[];
  /** Ids of workers that have a lease. */
  readonly workers: readonly string[];
}

const ALL = `select
  (select coalesce(json_agg(json_build_object('id', id, 'status', status, 'epoch', epoch, 'owner', owner,
    'deaths', deaths, 'failedAttempts', failed_attempts, 'output', output, 'error', error, 'version', xmin::text)
    order by id), '[]') from durable.invocation)::text as invocations,
  (select coalesce(json_agg(json_build_object('id', invocation_id, 'index', index, 'name', name, 'outcome', outcome,
    'value', value, 'seq', seq, 'epoch', epoch, 'version', xmin::text) order by invocation_id, index), '[]')
    from durable.entry)::text as entries,
  (select coalesce(json_agg(id), '[]') from durable.worker)::text as workers`;

/** Reads everything in one snapshot. */
export async function readRecords(database: DirectDatabase): Promise<Records> {
  const [row] = await database.query<Record<keyof Records, string>>(ALL);
  const list = <T>(text: string | undefined): T[] => JSON.parse(text ?? '[]') as T[];
  return {
    invocations: list<InvocationRow>(row?.invocations),
    entries: list<EntryRow>(row?.entries),
    workers: list<string>(row?.workers),
  };
}
