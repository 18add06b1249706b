import type { JournalEntry, Outcome, Signature } from '../engine/entry.js';
import type { InvocationStatus, TerminalStatus } from '../engine/status.js';

/**
 * The store is the truth: what it has committed happened, and nothing else did.
 *
 * Rules that every store keeps, and that `test/contract/store.contract.ts` attacks:
 *
 * 1. *Atomic.* A batch is applied whole, in one transaction.
 * 2. *Fenced.* A write under a {@link Lease} takes a row lock on its invocation and is applied only while the
 *    invocation is `running` under the lease's epoch. A refused write changes nothing.
 * 3. *Idempotent.* The same batch applied again (its answer was lost) changes nothing and says so.
 * 4. *One clock.* Leases and due times are judged by the store's clock alone. Durations cross the port, never
 *    dates of a process.
 * 5. *No session.* Nothing depends on which connection serves a call.
 */
export interface Store {
  /** Applies a batch in one transaction and one round trip. At most one transition and one write per entry. */
  commit(batch: Batch): Promise<BatchResult>;

  /** Takes the lease of those of `ids` that are due, each raised to its next epoch. */
  claim(request: ClaimRequest & { readonly ids: readonly string[] }): Promise<ClaimResult>;
  /** Takes the lease of invocations that have been due for `overdueMs`, longest due first. */
  claimDue(
    request: ClaimRequest & { readonly limit: number; readonly overdueMs: number },
  ): Promise<Claimed[]>;
  /** Milliseconds until the next invocation of `services` is due (0: one is); `undefined` if none is. */
  nextDue(services: readonly string[]): Promise<number | undefined>;
  /** Journals of invocations, each in call order. An invocation without entries is missing from the map. */
  journals(ids: readonly string[]): Promise<Map<string, JournalEntry[]>>;

  /** Starts a worker's lease. */
  register(worker: WorkerRecord, leaseMs: number): Promise<void>;
  /** Renews a worker's lease; `fenced` if it was reaped meanwhile, so that it holds nothing any more. */
  renew(workerId: string, leaseMs: number): Promise<'ok' | 'fenced'>;
  /** Ends a worker's lease. What it still owns is an orphan at once. */
  deregister(workerId: string): Promise<void>;
  /**
   * Ends the leases of workers that did not renew in time, and takes away what belongs to no worker: its epoch
   * is raised, a death is counted, and it is due at once, or `failed` when it died `maxDeaths` times in a row
   * without a new settled entry.
   */
  reap(request: { readonly maxDeaths: number; readonly limit: number }): Promise<Reaped[]>;
  /**
   * Gives back what this worker owns and does not drive: a claim whose answer was lost. Only leases older than
   * `olderThanMs` are looked at, so that an answer still on its way is left alone.
   */
  releaseStray(request: {
    readonly workerId: string;
    readonly driving: readonly string[];
    readonly olderThanMs: number;
  }): Promise<Hint[]>;

  /** An invocation by its id. */
  find(id: string): Promise<InvocationRecord | undefined>;
  /** Those of `ids` that are over, with what they ended with. */
  outcomes(ids: readonly string[]): Promise<Settled[]>;
  /** Invocations, newest first. */
  list(query: ListQuery): Promise<InvocationRecord[]>;
  /**
   * Makes a `failed` invocation due again. If a recorded failure was its cause, that entry, and what was called
   * after its delivery, is dropped; what else was delivered after it becomes undelivered.
   */
  retry(id: string): Promise<'ok' | 'not_found' | 'not_failed'>;
  /** Deletes invocations that were over for `olderThanMs`, `limit` at the most; the number deleted. */
  purge(request: { readonly olderThanMs: number; readonly limit: number }): Promise<number>;

  /** Whether an error means that the server was away or busy, so that the same call may succeed later. */
  isTransient(error: unknown): boolean;
  /** Work that the medium asks for now and then (checkpoint, vacuum); most need none. */
  maintain?(): Promise<void>;
  close(): Promise<void>;
}

/** The right to write for an invocation: the epoch of the claim that gave it. */
export interface Lease {
  readonly invocationId: string;
  readonly epoch: number;
}

export interface NewInvocation {
  readonly id: string;
  readonly service: string;
  readonly handler: string;
  /** Encoded arguments. */
  readonly input: string;
  /** Name of the client process, to which the outcome is announced. */
  readonly origin: string;
  /** Milliseconds from now on until it is due. 0 if it is to run at once. */
  readonly delayMs: number;
  /** When it is due, if the user named a date; then `delayMs` does not count. */
  readonly at: Date | null;
  /** Worker to which it is born leased, at epoch 1; `null`: it becomes due instead. */
  readonly owner: string | null;
}

export interface EntryWrite extends Signature {
  readonly lease: Lease;
  readonly index: number;
  readonly calledAfter: number;
  readonly seq: number | null;
  readonly outcome: Outcome | null;
  readonly value: string | null;
  readonly tries: number;
  readonly dueInMs: number | null;
  readonly durationMs: number | null;
}

/** The end of a lease: where its invocation goes from `running`. */
export interface Transition {
  readonly lease: Lease;
  readonly status: Exclude<InvocationStatus, 'running'>;
  /** Encoded result of a `completed` invocation. */
  readonly output: string | null;
  /** Encoded error: of a failed, cancelled or paused invocation; of one that backs off, the last one. */
  readonly error: string | null;
  /** Entry whose recorded failure was the cause of `error`. */
  readonly failedEntry: number | null;
  /** Milliseconds until it is due again; `null`: not by time. */
  readonly dueInMs: number | null;
  /** Whether the attempt counts as failed under the handler's retry policy. */
  readonly failedAttempt: boolean;
}

/**
 * Writes that are applied together. An invocation must be committed before anything is written under its lease: an
 * accept and a write for it never share a batch.
 */
export interface Batch {
  readonly accepts: readonly NewInvocation[];
  readonly entries: readonly EntryWrite[];
  readonly transitions: readonly Transition[];
}

/**
 * What became of a write: `duplicate` if it had been applied before (an id that exists, an entry or transition
 * whose answer was lost), `fenced` if its lease is over.
 */
export type WriteResult = 'ok' | 'fenced' | 'duplicate';

/** Results by position in the batch. */
export interface BatchResult {
  readonly accepts: readonly Exclude<WriteResult, 'fenced'>[];
  readonly entries: readonly WriteResult[];
  readonly transitions: readonly WriteResult[];
}

export interface ClaimRequest {
  readonly workerId: string;
  /** Services that the worker has; others are left alone. */
  readonly services: readonly string[];
}

/** An invocation under a fresh lease. */
export interface Claimed {
  readonly lease: Lease;
  readonly service: string;
  readonly handler: string;
  readonly input: string;
  readonly origin: string;
  /** Attempts that failed under the handler's retry policy so far. */
  readonly failedAttempts: number;
  /** Workers that died while they drove it, in a row without a new settled entry. */
  readonly deaths: number;
  readonly createdAt: Date;
}

export interface ClaimResult {
  readonly claimed: Claimed[];
  /** Ids that were asked for too early. */
  readonly early: DueHint[];
}

/** Enough to tell workers of an invocation: never its payload. */
export interface Hint {
  readonly id: string;
  readonly service: string;
}

export interface DueHint extends Hint {
  /** Milliseconds from now on. */
  readonly dueInMs: number;
}

export interface WorkerRecord {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly services: readonly string[];
}

export interface Reaped extends Hint {
  readonly status: 'scheduled' | 'failed';
  readonly origin: string;
}

/** How an invocation ended. */
export interface Settled {
  readonly id: string;
  readonly status: TerminalStatus;
  readonly output: string | null;
  readonly error: string | null;
}

/** What the store knows of an invocation, without its journal. */
export interface InvocationRecord {
  readonly id: string;
  readonly service: string;
  readonly handler: string;
  readonly status: InvocationStatus;
  readonly epoch: number;
  readonly owner: string | null;
  readonly origin: string;
  readonly failedAttempts: number;
  readonly deaths: number;
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly dueAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface ListQuery {
  readonly service?: string;
  readonly handler?: string;
  readonly status?: InvocationStatus;
  /** Accepted at or after. */
  readonly since?: Date;
  readonly limit: number;
  /** The last record of the page before. Creation times are kept in whole milliseconds. */
  readonly after?: { readonly createdAt: Date; readonly id: string };
}
