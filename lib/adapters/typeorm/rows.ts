import type { JournalEntry } from '../../engine/entry.js';
import type { InvocationStatus } from '../../engine/status.js';
import type { Claimed, ClaimResult, InvocationRecord, Reaped } from '../../ports/store.js';

/** A time as the statements give it: milliseconds since 1970, with a fraction. */
type Milliseconds = number;

type Times = 'createdAt' | 'dueAt' | 'finishedAt';

/** Row of `find` and `list`. */
export type InvocationTuple = Omit<InvocationRecord, Times> & {
  readonly createdAt: Milliseconds;
  readonly dueAt: Milliseconds | null;
  readonly finishedAt: Milliseconds | null;
};

/** The record of an invocation. */
export function invocationRecord(row: InvocationTuple): InvocationRecord {
  return {
    ...row,
    createdAt: new Date(row.createdAt),
    dueAt: row.dueAt === null ? null : new Date(row.dueAt),
    finishedAt: row.finishedAt === null ? null : new Date(row.finishedAt),
  };
}

/** Row of `claim` and `claimDue`: a claimed invocation, or (`dueInMs` is not `null`) one that is due later. */
export type ClaimRow = Omit<Claimed, 'lease' | 'createdAt'> & {
  readonly id: string;
  readonly epoch: number;
  readonly createdAt: Milliseconds;
  readonly dueInMs: Milliseconds | null;
};

/** What a claim took, and what it was too early for. */
export function claimResult(rows: readonly ClaimRow[]): ClaimResult {
  const result: ClaimResult = { claimed: [], early: [] };
  for (const { id, epoch, createdAt, dueInMs, ...rest } of rows) {
    if (dueInMs !== null) result.early.push({ id, service: rest.service, dueInMs: Math.ceil(dueInMs) });
    else
      result.claimed.push({
        lease: { invocationId: id, epoch },
        ...rest,
        createdAt: new Date(createdAt),
      });
  }
  return result;
}

/** Row of `journals`. */
export type EntryTuple = JournalEntry & { readonly invocationId: string };

/** Rows in the order of invocation and index, as a journal for each invocation that has one. */
export function journalsById(rows: readonly EntryTuple[]): Map<string, JournalEntry[]> {
  const journals = new Map<string, JournalEntry[]>();
  for (const { invocationId, ...entry } of rows) {
    const journal = journals.get(invocationId) ?? [];
    journal.push({ ...entry, dueIn: entry.dueIn === null ? null : Math.ceil(entry.dueIn) });
    journals.set(invocationId, journal);
  }
  return journals;
}

/** Row of `reapTake`. */
export type ReapRow = Reaped & { readonly deaths: number; readonly step: string | null };

/** Row of `retryLock`. */
export interface RetryRow {
  readonly status: InvocationStatus;
}
