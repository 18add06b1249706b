import { isTerminal } from '../../engine/status.js';
import type { InvocationStatus } from '../../engine/status.js';
import type {
  AcceptResult,
  Arrival,
  ArrivalResult,
  Batch,
  BatchResult,
  EntryWrite,
  Lease,
  NewInvocation,
  News,
  Transition,
  WriteResult,
} from '../../ports/store.js';
import { parse, toAwoken } from './rows.js';
import type { CommitRow } from './sql/commit.js';

type Json = string | number;
/** Invocations that were locked, as they were then. */
type Held = ReadonlyMap<string, { readonly epoch: number; readonly status: string }>;

/** What became of each write of a batch, from what its statement answered. */
export function commitResult(batch: Batch, row: CommitRow): BatchResult {
  const { accepts, entries, transitions, arrivals } = batch;
  const held = new Map(
    parse<[string, number, string]>(row.held).map(([id, epoch, status]) => [id, { epoch, status }]),
  );
  return {
    accepts: row.accepted === ALL ? all(accepts) : acceptResults(accepts, row, held),
    ...leasedResults(entries, transitions, row, held),
    arrivals: arrivalResults(arrivals, row, held),
    news: news(row),
  };
}

/** What stands in an answer for rows of which there is one for each write. */
const ALL = 'true';

function all(writes: readonly unknown[]): 'ok'[] {
  return writes.map(() => 'ok');
}

/** What became of what was written under the leases of the batch's invocations. */
function leasedResults(
  entries: readonly EntryWrite[],
  transitions: readonly Transition[],
  row: CommitRow,
  held: Held,
): { entries: WriteResult[]; transitions: WriteResult[] } {
  const [isWritten, isMoved] = [row.written === ALL, row.moved === ALL];
  if (isWritten && isMoved) return { entries: all(entries), transitions: all(transitions) };
  const written = isWritten ? undefined : keys(row.written);
  const moved = isMoved ? undefined : keys(row.moved);
  const statusUnder = (lease: Lease) => {
    const invocation = held.get(lease.invocationId.toLowerCase());
    return invocation?.epoch === lease.epoch ? invocation.status : undefined;
  };
  const movedBefore = new Set<string>();
  const moveResult = ({ lease, status }: Transition): WriteResult => {
    const place = key(lease.invocationId, lease.epoch);
    if (!moved || moved.has(place)) return 'ok';
    // The epoch is still that of the lease, and the status the one asked for: this very transition ended it.
    if (statusUnder(lease) !== status) return 'fenced';
    movedBefore.add(place);
    return 'duplicate';
  };
  // An entry of a batch that ended its lease, applied again: it was written with the transition.
  const writeResult = ({ lease, index }: EntryWrite): WriteResult => {
    if (!written || written.has(key(lease.invocationId, index, lease.epoch))) return 'ok';
    const known = statusUnder(lease) === 'running' || movedBefore.has(key(lease.invocationId, lease.epoch));
    return known ? 'duplicate' : 'fenced';
  };
  const results = transitions.map(moveResult);
  return { entries: entries.map(writeResult), transitions: results };
}

function acceptResults(accepts: readonly NewInvocation[], row: CommitRow, held: Held): AcceptResult[] {
  const accepted = new Map(
    parse<[string, number]>(row.accepted).map(([id, isQueued]) => [key(id), isQueued ? 'queued' : 'ok']),
  ) as Map<string, AcceptResult>;
  return accepts.map(({ id, parent }) => {
    const result = accepted.get(key(id));
    // Of one id twice in a batch, the first one is it.
    accepted.delete(key(id));
    if (result || !parent) return result ?? 'duplicate';
    const { epoch, status } = held.get(key(parent.lease.invocationId)) ?? {};
    return epoch === parent.lease.epoch && status === 'running' ? 'duplicate' : 'fenced';
  });
}

function arrivalResults(arrivals: readonly Arrival[], row: CommitRow, held: Held): ArrivalResult[] {
  const signalled = keys(row.signalled);
  const completed = keys(row.completed);
  const completing = new Map(
    parse<[string, number, boolean, boolean | null]>(row.completing).map(([id, index, known, same]) => [
      key(id, index),
      { known, same },
    ]),
  );
  const isOver = (id: string): boolean => isTerminal(held.get(key(id))?.status as InvocationStatus);
  return arrivals.map(arrival => {
    if (arrival.kind === 'signal') {
      const { invocationId, id } = arrival;
      // Of one id twice in a batch, the first one is it.
      if (signalled.delete(`${key(invocationId)}/${key(id)}`)) return 'ok';
      if (!held.has(key(invocationId))) return 'not_found';
      return isOver(invocationId) ? 'over' : 'duplicate';
    }
    const { invocationId, index } = arrival.entry;
    const place = key(invocationId, index);
    if (completed.has(place)) return 'ok';
    const before = completing.get(place);
    if (!before?.known) return 'not_found';
    if (before.same !== null) return before.same ? 'ok' : 'duplicate';
    return isOver(invocationId) ? 'over' : 'duplicate';
  });
}

function news(row: CommitRow): News {
  const awoken = [...parse<[string, string, number, string | null]>(row.woken), ...parse<never>(row.missed)];
  return {
    awoken: awoken.map(toAwoken),
    freed: parse<[string]>(row.freed).map(([id]) => id),
    attached: parse<[string]>(row.attached).map(([id]) => id),
  };
}

function keys(text: string | null | undefined): Set<string> {
  return new Set(parse<Json[]>(text).map(row => row.join('/')));
}

/** The database writes ids in lower case. */
function key(id: string, ...rest: readonly number[]): string {
  return [id.toLowerCase(), ...rest].join('/');
}
