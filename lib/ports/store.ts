import type { JournalEntry, Outcome } from '../engine/entry.js';
import type { InvocationStatus, TerminalStatus } from '../engine/status.js';
import type { ClaimRequest, ClaimResult, DueClaims, DueRequest, Hint, Promoted } from './claims.js';
import type { Subscription } from './events.js';
import type { Chores, Overdue, StrayRequest } from './housekeeping.js';
import type { Declarations, ScheduleStore } from './schedules.js';
import type {
  Batch,
  BatchResult,
  Controlled,
  EntryRef,
  Lease,
  News,
  ObjectRef,
  StateWrite,
} from './writes.js';

export type { Subscription } from './events.js';
export type * from './claims.js';
export type * from './housekeeping.js';
export type * from './writes.js';
export { CANCEL_SIGNAL } from './writes.js';

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
  /** What starts invocations by the clock. */
  readonly schedules: ScheduleStore;

  /** Applies a batch in one transaction and one round trip. At most one transition and one write per entry. */
  commit(batch: Batch): Promise<BatchResult>;

  /** Takes the lease of those of `ids` that are due, each raised to its next epoch. */
  claim(request: ClaimRequest & { readonly ids: readonly string[] }): Promise<ClaimResult>;
  /** Takes the lease of invocations that have been due for `overdueMs`, longest due first; says when the next ones will be. */
  claimDue(request: ClaimRequest & DueRequest): Promise<DueClaims>;
  /** Milliseconds until the next invocation of `services` is due (0: one is); `undefined` if none is. */
  nextDue(services: readonly string[]): Promise<number | undefined>;
  /** Journals of invocations, each in call order. An invocation without entries is missing from the map. */
  journals(ids: readonly string[]): Promise<Map<string, JournalEntry[]>>;
  /** What has arrived for invocations and was not delivered. One that does not exist is missing. */
  inboxes(ids: readonly string[]): Promise<Inbox[]>;
  /** Milliseconds until the due times of open entries, by position; 0: over, or no such open entry. */
  remaining(entries: readonly EntryRef[]): Promise<number[]>;
  /**
   * Has the outcome of `target` answer an open entry, now or when it is there. Repeated, it changes nothing.
   * `over`: the outcome is there already, {@link answer} it.
   */
  attach(entry: EntryRef, target: string): Promise<'ok' | 'over' | 'not_found'>;
  /**
   * Gives the outcomes of invocations that are over to entries that are attached to them: a bounded number at a time. Those
   * with more are `attached` in the news.
   */
  answer(ids: readonly string[]): Promise<News>;
  /** Invocations that are over and whose outcome some attached entry still waits for. */
  unanswered(limit: number): Promise<string[]>;

  /** Has an exclusive invocation that was delayed, or retried, queue for its object now that it is claimed. */
  enter(lease: Lease): Promise<'ok' | 'queued' | 'fenced'>;
  /**
   * Gives objects that nobody holds to those that wait for them, in the order in which they were accepted: leased to
   * `workerId`, or, if that is `null`, due at once.
   */
  promote(objectIds: readonly string[], workerId: string | null): Promise<Promoted>;
  /** Whether an invocation, or one of those that wait for its outcome, has an object for itself. */
  holdsAbove(id: string, objectId: string): Promise<boolean>;
  /** Objects that nobody holds although somebody waits: their last holder's process died before it promoted. */
  stranded(limit: number): Promise<string[]>;
  /** The states of objects: encoded values by name. An object without any is missing from the map. */
  states(objectIds: readonly string[]): Promise<Map<string, Map<string, string>>>;
  /** Edits the state of an object by hand; refused (`busy`) while an exclusive invocation holds it. */
  editState(object: ObjectRef, changes: readonly Omit<StateWrite, 'objectId'>[]): Promise<'ok' | 'busy'>;

  /**
   * Who has subscribed to events, or to all: each handler once for an event, by service and handler. What is committed
   * after {@link register} of a worker is found.
   */
  subscribers(events: readonly string[]): Promise<Subscription[]>;

  /**
   * Starts a worker's lease, and declares its subscriptions in the same moment.
   *
   * They outlive the worker: what is published while nobody works is for those who did. A subscription ends once no
   * live worker declares it **and** one that serves its service has started after it was declared: the last version
   * of an application that was started has the last word, and until then the earlier ones have theirs.
   */
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
  reap(request: { readonly maxDeaths: number; readonly limit: number }): Promise<ReapResult>;
  /**
   * Gives back what this worker owns and does not drive: a claim whose answer was lost. Only leases older than
   * `olderThanMs` are looked at, so that an answer still on its way is left alone.
   */
  releaseStray(request: StrayRequest): Promise<Hint[]>;
  /**
   * Looks whether there is anything to {@link reap}, {@link stranded}, {@link unanswered} or {@link overdue}, in one round trip
   * that costs little where there is nothing: what it does not report need not be asked for.
   */
  lookAround(): Promise<Chores>;

  /** The last value that a handler set under `name`, encoded; `undefined`: none. */
  progress(id: string, name: string): Promise<string | undefined>;
  /** An invocation by its id. */
  find(id: string): Promise<InvocationRecord | undefined>;
  /** Those of `ids` that are over, with what they ended with. */
  outcomes(ids: readonly string[]): Promise<Settled[]>;
  /** Invocations, newest first. */
  list(query: ListQuery): Promise<InvocationRecord[]>;
  /**
   * Makes a `failed` invocation due again. If a recorded failure was its cause, that entry, and what was called
   * after its delivery, is dropped; what else was delivered after it becomes undelivered. Refused (`compensated`) if it
   * has undone what it did: its entry `saga` is settled.
   */
  retry(id: string): Promise<'ok' | 'not_found' | 'not_failed' | 'compensated'>;
  /**
   * Accepts a new invocation in place of one that is over or paused, with the journal that was there when its entry
   * `from` was called: what was delivered later is undelivered, what was called from there on is left out, and so are
   * open entries, but for times and awakeables. Repeated under the same `newId`, it changes nothing.
   */
  restart(request: RestartRequest): Promise<Restarted>;
  /**
   * Asks the handler of an invocation to end, by a {@link CANCEL_SIGNAL} with its error in its inbox. One whose handler has
   * not begun, or cannot go on, is ended at once as `cancelled`, and what a paused one waits for is asked in its place;
   * but not a paused one whose entry `saga` is open: there is something to undo, so that the request waits until it is
   * resumed.
   */
  cancel(id: string, errorOf: (id: string) => string): Promise<Controlled>;
  /** Invocations, not over, whose deadline is past, and milliseconds until the next one, if there is one. */
  overdue(limit: number): Promise<Overdue>;
  /**
   * Takes away the deadline of an invocation, if it is past (else `refused`), and asks the handler to end, as
   * {@link cancel} does; what is ended at once is `failed`.
   */
  expire(id: string, errorOf: (id: string) => string): Promise<Controlled>;
  /** Ends an invocation and all those that it waits for, whoever drives them, each with its own error. */
  kill(id: string, errorOf: (id: string) => string): Promise<Controlled>;
  /** Takes an invocation from whoever drives it, and lets nobody go on with it until it is resumed. */
  pause(id: string, error: string): Promise<Controlled>;
  /** Lets a paused invocation go on. */
  resume(id: string): Promise<Controlled>;
  /** Settles the open compensation of a paused invocation with an encoded value, and lets the invocation go on. */
  skipCompensation(id: string, value: string): Promise<Controlled>;
  /** Deletes invocations that were over for `olderThanMs`, `limit` at the most; the number deleted. */
  purge(request: { readonly olderThanMs: number; readonly limit: number }): Promise<number>;

  /** Whether an error means that the server was away or busy, so that the same call may succeed later. */
  isTransient(error: unknown): boolean;
  /** Work that the medium asks for now and then (checkpoint, vacuum); most need none. */
  maintain?(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerRecord {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly services: readonly string[];
  /** What its handlers have subscribed to. @default nothing */
  readonly subscriptions?: readonly Subscription[];
  /** Schedules that its code declares. */
  readonly schedules?: Declarations;
}

export interface Reaped extends Hint {
  readonly status: 'scheduled' | 'failed';
  readonly origin: string;
}

export interface ReapResult {
  readonly reaped: Reaped[];
  readonly news: News;
}

/** What has arrived for an invocation and was not delivered. */
export interface Inbox {
  readonly invocationId: string;
  /** The epoch of the last claim; another than that of an attempt says that the attempt is over. */
  readonly epoch: number;
  /** Arrivals so far: what is listed here is all that came with them and was not delivered. */
  readonly wakes: number;
  /** Entries that were settled from outside. */
  readonly settled: readonly Settling[];
  /** Signals that nobody took, in the order of their arrival. */
  readonly signals: readonly BufferedSignal[];
}

/** How an entry was settled from outside: encoded. */
export interface Settling {
  readonly index: number;
  readonly outcome: Outcome;
  readonly value: string;
}

/** A signal that waits to be taken. */
export interface BufferedSignal {
  readonly id: string;
  readonly name: string;
  /** Encoded. */
  readonly value: string;
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
  /** Key of the object that it is addressed to. */
  readonly key: string | null;
  /** Invocation that called it, or sent it. */
  readonly parentId: string | null;
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

export interface RestartRequest {
  readonly id: string;
  readonly newId: string;
  /** Index of the first entry that is not taken over; 0: none is. */
  readonly from: number;
  readonly origin: string;
}

/** What became of {@link Store.restart}. */
export type Restarted =
  | { readonly result: 'ok'; readonly service: string }
  | { readonly result: 'not_found' | 'not_over' | 'no_entry' };

export interface ListQuery {
  readonly service?: string;
  readonly handler?: string;
  readonly status?: InvocationStatus;
  /** Invocation that called them, or sent them. */
  readonly parentId?: string;
  /** Accepted at or after. */
  readonly since?: Date;
  readonly limit: number;
  /** The last record of the page before. Creation times are kept in whole milliseconds. */
  readonly after?: { readonly createdAt: Date; readonly id: string };
}
