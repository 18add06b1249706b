import { STATUSES, isTerminal } from '../../../engine/status.js';
import type { Transition } from '../../../ports/store.js';
import { milliseconds } from '../parameters.js';
import type { Column, Parameters } from '../parameters.js';
import { literals } from '../tables.js';
import type { Tables } from '../tables.js';
import { ON_LIVE_LEASE } from './fence.js';

/** Whether an invocation waits for a time in a status it goes to: always, only if one is given, never. */
const WAITS: Readonly<Record<Transition['status'], 'always' | 'if given' | 'never'>> = {
  scheduled: 'always',
  backing_off: 'always',
  suspended: 'if given',
  paused: 'never',
  completed: 'never',
  failed: 'never',
  cancelled: 'never',
};

function dueIn({ status, dueInMs }: Transition): number | null {
  if (WAITS[status] === 'never') return null;
  return milliseconds(WAITS[status] === 'always' ? (dueInMs ?? 0) : dueInMs);
}

const COLUMNS: readonly Column<Transition>[] = [
  ['id', 'uuid', row => row.lease.invocationId],
  ['epoch', 'int', row => row.lease.epoch],
  ['status', 'text', row => row.status],
  ['output', 'text', row => row.output],
  ['error', 'text', row => row.error],
  ['failed_entry', 'int', row => row.failedEntry],
  ['due_in', 'float8', dueIn],
  ['failed', 'int', row => (row.failedAttempt ? 1 : 0)],
];

/** Part `moved` of a commit: invocations whose attempt is over. A release says nothing new about the outcome. */
export function moved(t: Tables, p: Parameters, transitions: readonly Transition[]): string {
  return `moved as (
  update ${t.invocation} i set
    status = v.status,
    owner = null,
    due_at = ${t.now} + v.due_in * interval '1 millisecond',
    failed_attempts = i.failed_attempts + v.failed,
    output = case when v.status = 'scheduled' then i.output else v.output end,
    error = case when v.status = 'scheduled' then i.error else v.error end,
    failed_entry = case when v.status = 'scheduled' then i.failed_entry else v.failed_entry end,
    finished_at = case when v.status in (${literals(STATUSES.filter(isTerminal))}) then ${t.now} end
  from ${p.unnest('v', transitions, COLUMNS)}
  ${ON_LIVE_LEASE}
  where i.id = v.id
  returning i.id, i.epoch)`;
}
