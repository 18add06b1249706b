/**
 * Replay: what a journal and a call decide.
 *
 * The rules, cited by their tests:
 *
 * R1. A durable operation gets its index when it is *called*.
 * R2. Deliveries happen one at a time and are numbered in their order.
 * R3. Recorded deliveries come first, in recorded order, each as soon as its operation was called.
 * R4. Nothing is executed before the last recorded delivery was made.
 * R5. A call whose entry has another signature, and an entry that is never called, are a journal mismatch.
 */
import { isSettled, type JournalEntry, type SettledEntry, type Signature } from './entry.js';

/** What is to happen with a call. */
export type Decision =
  /** Its outcome was delivered before: it comes again when its turn comes. */
  | { readonly action: 'replay'; readonly index: number }
  /** Its outcome is known and was never delivered: it is ready. */
  | { readonly action: 'deliver'; readonly index: number; readonly settled: SettledEntry }
  /** It has no outcome: it is to be executed, or, with an open entry, to go on. */
  | { readonly action: 'execute'; readonly index: number; readonly open: JournalEntry | undefined }
  | { readonly action: 'mismatch'; readonly mismatch: Mismatch };

/** A journal and the code that replays it differ. */
export interface Mismatch {
  readonly index: number;
  /** What the journal has at this index; `undefined` never happens with `called` also `undefined`. */
  readonly recorded: Signature | undefined;
  /** What the code called; `undefined` if it called nothing more. */
  readonly called: Signature | undefined;
}

/** Decides about the call number `index`, given what the journal has there. */
export function decide(entry: JournalEntry | undefined, index: number, called: Signature): Decision {
  if (!entry) return { action: 'execute', index, open: undefined };
  if (entry.kind !== called.kind || entry.name !== called.name) {
    return { action: 'mismatch', mismatch: { index, recorded: signatureOf(entry), called } };
  }
  if (entry.seq !== null) return { action: 'replay', index };
  if (isSettled(entry)) return { action: 'deliver', index, settled: entry };
  return { action: 'execute', index, open: entry };
}

/** Goes through a journal once, along with the code that made it. */
export class Replay {
  private readonly entries: ReadonlyMap<number, JournalEntry>;
  private readonly recorded: readonly JournalEntry[];
  private calls = 0;
  private deliveries = 0;

  constructor(journal: readonly JournalEntry[]) {
    this.entries = new Map(journal.map(entry => [entry.index, entry]));
    this.recorded = journal
      .filter(entry => entry.seq !== null)
      .sort((one, other) => Number(one.seq) - Number(other.seq));
  }

  /** How many deliveries were made. */
  get delivered(): number {
    return this.deliveries;
  }

  /** Whether recorded deliveries are still to be made (R3, R4). */
  get isReplaying(): boolean {
    return this.deliveries < this.recorded.length;
  }

  /** The next recorded delivery, if any is left. */
  get next(): JournalEntry | undefined {
    return this.recorded[this.deliveries];
  }

  /** Takes the next index for a call and decides about it (R1, R5). */
  call(called: Signature): Decision {
    const index = this.calls++;
    return decide(this.entries.get(index), index, called);
  }

  /** Whether the operation with this index was called. */
  wasCalled(index: number): boolean {
    return index < this.calls;
  }

  /** Counts a delivery and gives its number (R2). */
  deliver(): number {
    return this.deliveries++;
  }

  /** The first entry that the code did not call, as a mismatch: asked when the code is through (R5). */
  uncalled(): Mismatch | undefined {
    const entry = this.entries.get(this.calls);
    return entry && { index: entry.index, recorded: signatureOf(entry), called: undefined };
  }
}

function signatureOf(entry: JournalEntry): Signature {
  return { kind: entry.kind, name: entry.name };
}
