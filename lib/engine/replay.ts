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
 * R6. What user code has something of at once is recorded at the call. Writes keep their order, so before the last
 *     recorded delivery its entry is there; that it is missing is a journal mismatch.
 */
import {
  RECORDED_AT_CALL,
  isSame,
  isSettled,
  shownSignature,
  type CallSignature,
  type JournalEntry,
  type SettledEntry,
  type Signature,
} from './entry.js';

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
export function decide(entry: JournalEntry | undefined, index: number, called: CallSignature): Decision {
  if (!entry) return { action: 'execute', index, open: undefined };
  if (!isSame(entry, called)) return { action: 'mismatch', mismatch: mismatchAt(index, entry, called) };
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

  /** How many calls were made. */
  get called(): number {
    return this.calls;
  }

  /** What the journal had at an index. */
  entry(index: number): JournalEntry | undefined {
    return this.entries.get(index);
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

  /**
   * Whether the code still does what it did before: deliveries are left, or calls that the journal knows. What it says
   * meanwhile it said before.
   */
  get isRepeating(): boolean {
    return this.isReplaying || this.calls < this.entries.size;
  }

  /** Takes the next index for a call and decides about it (R1, R5). */
  call(called: CallSignature): Decision {
    const index = this.calls++;
    const entry = this.entries.get(index);
    if (!entry && this.isReplaying && RECORDED_AT_CALL[called.kind]) {
      return { action: 'mismatch', mismatch: mismatchAt(index, entry, called) };
    }
    return decide(entry, index, called);
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
    return entry && { index: entry.index, recorded: shownSignature(entry), called: undefined };
  }
}

function mismatchAt(index: number, entry: JournalEntry | undefined, called: CallSignature): Mismatch {
  return { index, recorded: entry && shownSignature(entry), called: { name: '', ...called } };
}
