import type {
  Batch,
  BatchResult,
  EntryWrite,
  Lease,
  NewInvocation,
  Transition,
  WriteResult,
} from '../../ports/store.js';
import type { CommitRow } from './sql/commit.js';

type Json = string | number;

/** What became of each write of a batch, from what its statement answered. */
export function commitResult(batch: Batch, row: CommitRow): BatchResult {
  const held = new Map(
    parse<[string, number, string]>(row.held).map(([id, epoch, status]) => [id, { epoch, status }]),
  );
  const accepted = keys(row.accepted);
  const written = keys(row.written);
  const moved = keys(row.moved);

  const found = (lease: Lease) => {
    const invocation = held.get(lease.invocationId.toLowerCase());
    return invocation?.epoch === lease.epoch ? invocation.status : undefined;
  };
  // The epoch is still that of the lease, and the status the one asked for: this very transition ended it.
  const moveResult = ({ lease, status }: Transition): WriteResult => {
    if (moved.has(key(lease.invocationId, lease.epoch))) return 'ok';
    return found(lease) === status ? 'duplicate' : 'fenced';
  };
  const transitions = batch.transitions.map(moveResult);
  const movedBefore = new Set(
    batch.transitions
      .filter((_, position) => transitions[position] === 'duplicate')
      .map(({ lease }) => key(lease.invocationId, lease.epoch)),
  );
  // An entry of a batch that ended its lease, applied again: it was written with the transition.
  const writeResult = ({ lease, index }: EntryWrite): WriteResult => {
    if (written.has(key(lease.invocationId, index, lease.epoch))) return 'ok';
    const known = found(lease) === 'running' || movedBefore.has(key(lease.invocationId, lease.epoch));
    return known ? 'duplicate' : 'fenced';
  };
  // Of one id twice in a batch, the first one is it.
  const acceptResult = ({ id }: NewInvocation) => (accepted.delete(key(id)) ? 'ok' : 'duplicate');

  return {
    accepts: batch.accepts.map(acceptResult),
    entries: batch.entries.map(writeResult),
    transitions,
  };
}

function parse<Row extends readonly Json[]>(text: string | null | undefined): Row[] {
  return text ? (JSON.parse(text) as Row[]) : [];
}

function keys(text: string | null | undefined): Set<string> {
  return new Set(parse<Json[]>(text).map(row => row.join('/')));
}

/** The database writes ids in lower case. */
function key(id: string, ...rest: readonly number[]): string {
  return [id.toLowerCase(), ...rest].join('/');
}
