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

/** Whom the end of an invocation concerns. */
const OTHERS: readonly Column<Transition>[] = [
  ['wakes', 'int', row => row.wakes],
  ['parent_id', 'uuid', row => row.parent && row.parent.invocationId],
  ['parent_index', 'int', row => row.parent && row.parent.index],
  ['holds', 'uuid', row => row.holds],
];

const TERMINAL = literals(STATUSES.filter(isTerminal));

/**
 * Parts `moving` and `moved` of a commit: invocations whose attempt is over. A release says nothing new about the outcome.
 * One that is suspended although something has arrived that its attempt does not know of is due at once.
 */
export function moved(t: Tables, p: Parameters, transitions: readonly Transition[]): string[] {
  const concerns = transitions.some(concernsOthers);
  const columns = concerns ? [...COLUMNS, ...OTHERS] : COLUMNS;
  const due = `${t.now} + v.due_in * interval '1 millisecond'`;
  const moving = `moving as materialized (
  select v.*, held.attached and v.status in (${TERMINAL}) as attached${
    concerns ? `, held.wakes as arrived, v.status = 'suspended' and v.wakes <> held.wakes as missed` : ''
  }
  from ${p.unnest('v', transitions, columns)}
  ${ON_LIVE_LEASE})`;
  const moved = `moved as (
  update ${t.invocation} i set
    status = v.status,
    owner = null,
    due_at = ${concerns ? `case when v.missed then ${t.now} else ${due} end` : due},
    failed_attempts = i.failed_attempts + v.failed,
    output = case when v.status = 'scheduled' then i.output else v.output end,
    error = case when v.status = 'scheduled' then i.error else v.error end,
    failed_entry = case when v.status = 'scheduled' then i.failed_entry else v.failed_entry end,
    finished_at = case when v.status in (${TERMINAL}) then ${t.now} end
  from moving v where i.id = v.id
  returning i.id, i.epoch, v.attached${
    concerns
      ? `, i.service, v.arrived as wakes, v.missed, v.status in (${TERMINAL}) as over, v.parent_id, v.parent_index, v.holds,
    i.status, i.output, i.error`
      : ''
  })`;
  return [moving, moved];
}

/** Whether somebody else's row may change with a transition. */
export function concernsOthers({ status, parent, holds }: Transition): boolean {
  return status === 'suspended' || (isTerminal(status) && (parent !== null || holds !== null));
}
