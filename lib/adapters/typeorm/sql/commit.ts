import type { Batch, Lease, NewInvocation } from '../../../ports/store.js';
import { Parameters } from '../parameters.js';
import type { Statement } from '../parameters.js';
import type { Tables } from '../tables.js';
import { accepted } from './commit-accepts.js';
import { written } from './commit-entries.js';
import { moved } from './commit-transitions.js';
import { held } from './fence.js';

/** What a commit answers: JSON arrays as text, `null` where a part has no row or is not in the statement. */
export interface CommitRow {
  /** Ids of the fenced rows with their epoch and status: `[id, epoch, status][]`. */
  readonly held: string | null;
  /** Ids that were inserted: `[id][]`. */
  readonly accepted: string | null;
  /** Entries that were written: `[id, index, epoch][]`. */
  readonly written: string | null;
  /** Invocations that changed their status: `[id, epoch][]`. */
  readonly moved: string | null;
}

/**
 * The group commit: one statement, hence one implicit transaction and one round trip, made of only the parts
 * that the batch uses, so that its plan holds nothing that it does not need.
 */
export function commit(t: Tables, batch: Batch): Statement {
  const p = new Parameters();
  const leases = [...batch.entries, ...batch.transitions].map(write => write.lease);
  const parts: string[] = [];
  const answers: string[] = [];
  if (leases.length > 0) {
    parts.push(held(t, p.add(invocationIds(leases), 'uuid[]')));
    answers.push(answer('held', 'id, epoch, status'));
  }
  if (batch.accepts.length > 0) {
    parts.push(accepted(t, p, inIdOrder(batch.accepts), leases.length > 0));
    answers.push(answer('accepted', 'id'));
  }
  if (batch.entries.length > 0) {
    parts.push(written(t, p, batch.entries));
    answers.push(answer('written', 'invocation_id, index, epoch'));
  }
  if (batch.transitions.length > 0) {
    parts.push(moved(t, p, batch.transitions));
    answers.push(answer('moved', 'id, epoch'));
  }
  return { text: `with ${parts.join(',\n')}\nselect\n  ${answers.join(',\n  ')}`, values: p.values };
}

function answer(part: string, columns: string): string {
  return `(select json_agg(json_build_array(${columns}))::text from ${part}) as ${part}`;
}

function invocationIds(leases: readonly Lease[]): string[] {
  return [...new Set(leases.map(lease => lease.invocationId))].sort();
}

/** Sorted by id, the first of each. */
function inIdOrder(accepts: readonly NewInvocation[]): NewInvocation[] {
  const first = new Map<string, NewInvocation>();
  for (const accept of accepts) if (!first.has(accept.id)) first.set(accept.id, accept);
  return [...first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
