/**
 * What a durable operation is, in the journal of its invocation.
 *
 * A new kind gets a line here and, because {@link Record}s over this type are exhaustive, does not compile
 * until every place that must know it does.
 */
export type EntryKind = 'step';

/** How an entry ended: with a value, or with an error. */
export type Outcome = 'ok' | 'error';

/** What identifies a durable operation on replay: the same call has the same signature at the same index. */
export interface Signature {
  readonly kind: EntryKind;
  readonly name: string;
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
  /** Milliseconds until an open entry may go on, as the database saw it when the journal was read; `null`: at once. */
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
