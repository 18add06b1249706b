import type { JournalEntry, Outcome } from '../../engine/entry.js';
import type { InvocationStatus } from '../../engine/status.js';
import type {
  Awoken,
  Chores,
  Claimed,
  ClaimResult,
  DueClaims,
  Inbox,
  InvocationRecord,
  News,
  Reaped,
} from '../../ports/store.js';

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
export type ClaimRow = Omit<Claimed, 'lease' | 'createdAt' | 'parent' | 'object' | 'entered'> & {
  readonly id: string;
  readonly epoch: number;
  readonly createdAt: Milliseconds;
  readonly parentId: string | null;
  readonly parentIndex: number | null;
  readonly objectId: string | null;
  readonly objectKey: string | null;
  readonly entered: number;
  readonly dueInMs: Milliseconds | null;
};

/** Row of a promotion: with the state of the object, `[name, value][]`, unless it is not leased to anybody. */
export type PromotedRow = ClaimRow & { readonly state: string | null };

/** What a promotion has leased. */
export function promotedClaims(rows: readonly PromotedRow[]): Claimed[] {
  return rows.map(row => {
    const state = new Map(JSON.parse(row.state ?? '[]') as [name: string, value: string][]);
    return { ...claimed(row), state };
  });
}

/** Row of `claimDue`: a claimed invocation, or (`dueInMs` is not `null`) only when the next one is due. */
export type DueRow = ClaimRow & { readonly dueAgoMs: Milliseconds };

/** What a claim of what is due took. */
export function dueClaims(rows: readonly DueRow[]): DueClaims {
  const due = rows.filter(({ dueInMs }) => dueInMs === null);
  const next = rows.at(due.length)?.dueInMs ?? undefined;
  return {
    claimed: due.map(claimed),
    dueAgoMs: due.at(-1)?.dueAgoMs,
    nextInMs: next === undefined ? undefined : Math.ceil(next),
  };
}

/** What a claim took, and what it was too early for. */
export function claimResult(rows: readonly ClaimRow[]): ClaimResult {
  const result: ClaimResult = { claimed: [], early: [] };
  for (const row of rows) {
    const { id, service, dueInMs } = row;
    if (dueInMs !== null) result.early.push({ id, service, dueInMs: Math.ceil(dueInMs) });
    else result.claimed.push(claimed(row));
  }
  return result;
}

function claimed(row: ClaimRow): Claimed {
  const { id, epoch, parentId, parentIndex, objectId, objectKey } = row;
  return {
    lease: { invocationId: id, epoch },
    service: row.service,
    handler: row.handler,
    input: row.input,
    origin: row.origin,
    failedAttempts: row.failedAttempts,
    deaths: row.deaths,
    wakes: row.wakes,
    parent: parentId === null || parentIndex === null ? null : { invocationId: parentId, index: parentIndex },
    object: objectId === null ? null : { id: objectId, key: objectKey ?? '' },
    entered: row.entered === 1,
    seed: row.seed,
    createdAt: new Date(row.createdAt),
  };
}

/** Row of a look around. */
export interface ChoresRow extends Omit<Chores, 'deadlineInMs'> {
  readonly deadlineInMs: number | null;
}

export function choresOf(rows: readonly ChoresRow[]): Chores {
  const { deadlineInMs, ...chores } = rows[0]!;
  return { ...chores, deadlineInMs: deadlineInMs === null ? undefined : Math.ceil(deadlineInMs) };
}

/** Row of statements that tell others what has become of something: JSON arrays as text. */
export interface NewsRow {
  /** `[id, service, wakes, owner][]` */
  readonly woken: string | null;
  /** `[id][]` */
  readonly freed: string | null;
  /** `[id][]` */
  readonly attached: string | null;
}

export function newsOf({ woken, freed, attached }: NewsRow): News {
  return {
    awoken: parse<[string, string, number, string | null]>(woken).map(toAwoken),
    freed: parse<[string]>(freed).map(([id]) => id),
    attached: parse<[string]>(attached).map(([id]) => id),
  };
}

export function toAwoken([id, service, wakes, owner]: [string, string, number, string | null]): Awoken {
  return { id, service, wakes, owner };
}

/** A JSON array that a statement gave as text. */
export function parse<Row>(text: string | null | undefined): Row[] {
  return text ? (JSON.parse(text) as Row[]) : [];
}

/** Row of `controlLock`. */
export interface ControlRow {
  readonly id: string;
  readonly service: string;
  readonly status: InvocationStatus;
  readonly epoch: number;
  readonly owner: string | null;
  readonly over: boolean;
}

/** Row of `inboxes`. */
export interface InboxRow {
  readonly invocationId: string;
  readonly epoch: number;
  readonly wakes: number;
  /** `[index, outcome, value][]` */
  readonly settled: string | null;
  /** `[id, name, value][]` */
  readonly signals: string | null;
}

export function inboxOf({ invocationId, epoch, wakes, settled, signals }: InboxRow): Inbox {
  return {
    invocationId,
    epoch,
    wakes,
    settled: parse<[number, Outcome, string]>(settled).map(([index, outcome, value]) => ({
      index,
      outcome,
      value,
    })),
    signals: parse<[string, string, string]>(signals).map(([id, name, value]) => ({ id, name, value })),
  };
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

/** Row of `restart`. */
export interface RestartRow {
  readonly service: string;
  /** Whether nobody drives the old one, nor will. */
  readonly still: boolean;
  /** Whether it has the entry to start from. */
  readonly marked: boolean;
}

/** Row of `retryLock`. */
export interface RetryRow {
  readonly status: InvocationStatus;
}

/** Row of `states`. */
export interface StateTuple {
  readonly objectId: string;
  readonly name: string;
  readonly value: string;
}

export function statesById(rows: readonly StateTuple[]): Map<string, Map<string, string>> {
  const states = new Map<string, Map<string, string>>();
  for (const { objectId, name, value } of rows) {
    const state = states.get(objectId) ?? new Map<string, string>();
    states.set(objectId, state.set(name, value));
  }
  return states;
}

export function idsOf(rows: readonly { readonly id: string }[]): string[] {
  return rows.map(({ id }) => id);
}
