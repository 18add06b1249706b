/**
 * What a durable operation is, in the journal of its invocation.
 *
 * A new kind gets a line here and, because {@link Record}s over this type are exhaustive, does not compile
 * until every place that must know it does.
 */
export type EntryKind =
  | 'step'
  /** A timer. Settled by its owner once the store says that it is due. */
  | 'sleep'
  /** An invocation whose outcome settles it. */
  | 'call'
  /** An invocation that nobody waits for. */
  | 'send'
  /** An event, and the invocations that it was accepted with. */
  | 'publish'
  /** An invocation that exists already, and whose outcome settles it. */
  | 'attach'
  /** Settled from outside, by its id. Its name is the secret part of that id. */
  | 'awakeable'
  /** Settled by the next buffered signal of its name. */
  | 'signal'
  /** What an object's state was when it was read, or became when it was written. */
  | 'state'
  /** Progress that others may query. */
  | 'set'
  /** The time that the handler was told. */
  | 'now'
  /** That there is something to undo, should the invocation end badly; then, how it ends. Not a call of the code. */
  | 'saga'
  /** What undoes something. Not a call of the code: it comes after its end. */
  | 'compensation';

/** Kinds that are recorded at the call itself, because user code has something of them at once. */
export const RECORDED_AT_CALL: Readonly<Record<EntryKind, boolean>> = {
  step: false,
  sleep: false,
  call: false,
  send: false,
  publish: false,
  attach: false,
  awakeable: true,
  signal: false,
  state: true,
  set: true,
  now: true,
  saga: true,
  compensation: false,
};

/** How an entry ended: with a value, or with an error. */
export type Outcome = 'ok' | 'error';

/** What identifies a durable operation on replay: the same call has the same signature at the same index. */
export interface Signature {
  readonly kind: EntryKind;
  readonly name: string;
}

/** What a call says of itself; without a name, the journal has made one up for it. */
export interface CallSignature {
  readonly kind: EntryKind;
  readonly name?: string;
}

/** A signature to be shown: the made-up name of an awakeable is the secret of its id. */
export function shownSignature({ kind, name }: Signature): Signature {
  return { kind, name: kind === 'awakeable' ? '' : name };
}

/** Whether a call is the one that was recorded. */
export function isSame(recorded: Signature, called: CallSignature): boolean {
  return recorded.kind === called.kind && (called.name === undefined || recorded.name === called.name);
}

/**
 * One record of a journal.
 *
 * An entry is *open* until it has an outcome, *settled* once it has one, and *delivered* once user code was
 * given that outcome. A delivered entry never changes.
 */
export interface JournalEntry extends Signature {
  /** Position of the call among the durable calls of the invocation, from 0, taken when it is called. */
  readonly index: number;
  /** How many deliveries came before the call. */
  readonly calledAfter: number;
  /** Position among the deliveries, from 0, taken when user code is given the outcome; `null` until then. */
  readonly seq: number | null;
  readonly outcome: Outcome | null;
  /** Encoded result, or encoded error; of an open entry, the error of the last failed try, if any. */
  readonly value: string | null;
  /** Failed tries so far. A try that a crash cut short is not counted. */
  readonly tries: number;
  /**
   * Milliseconds until an open entry may go on, as the database saw it when the journal was read; not more than 0: it is
   * due since then; `null`: at once.
   */
  readonly dueIn: number | null;
  /** Epoch under which it was last written: tells the attempt. */
  readonly epoch: number;
  /** How long the last try took, in milliseconds. */
  readonly durationMs: number | null;
}

/** An entry with an outcome. */
export type SettledEntry = JournalEntry & { readonly outcome: Outcome; readonly value: string };

/** Whether an entry has an outcome. */
export function isSettled(entry: JournalEntry): entry is SettledEntry {
  return entry.outcome !== null && entry.value !== null;
}
