import type { JournalEntry } from './entry.js';

/**
 * Index of the entry `saga`. No call has it: it is there before the first call that can be undone.
 *
 * It is open and empty while there may be something to undo, has the {@link SagaEnding} once the invocation is to end
 * badly, and is settled when all is undone.
 */
export const SAGA_INDEX = -1;

/** How an invocation is to end once what it did is undone, and where its code was when that was decided. */
export interface SagaEnding {
  readonly status: 'failed' | 'cancelled';
  /** Encoded error. */
  readonly error: string | null;
  readonly failedEntry: number | null;
  readonly failedAttempt: boolean;
  /** Durable calls that the code had made: the compensations have the indices from here on. */
  readonly calls: number;
  /** Deliveries that it had been given. What was recorded as delivered since then, it never saw. */
  readonly delivered: number;
  /** Compensations that it had registered by itself. */
  readonly registered: number;
}

/** What an entry `saga` has for its value. */
export function encodeSagaEnding(ending: SagaEnding): string {
  return JSON.stringify(ending);
}

/** The ending that an entry `saga` has; `undefined` until there is one. */
export function decodeSagaEnding(entry: JournalEntry | undefined): SagaEnding | undefined {
  return typeof entry?.value === 'string' ? (JSON.parse(entry.value) as SagaEnding) : undefined;
}

/** A journal, taken apart: what the code did, and what is done after its end. */
export interface SagaJournal {
  /** Whether there may be something to undo. */
  readonly isMarked: boolean;
  readonly ending: SagaEnding | undefined;
  /** What the code is to do again. */
  readonly program: readonly JournalEntry[];
  /** Steps whose outcome the code never saw, in the order in which they count as done. */
  readonly late: readonly JournalEntry[];
  /** By index. */
  readonly compensations: ReadonlyMap<number, JournalEntry>;
}

/** Takes a journal apart. */
export function sagaJournal(journal: readonly JournalEntry[]): SagaJournal {
  const mark = journal.find(({ kind }) => kind === 'saga');
  if (!mark)
    return { isMarked: false, ending: undefined, program: journal, late: [], compensations: new Map() };
  const ending = decodeSagaEnding(mark);
  const isLate = ({ seq }: JournalEntry): boolean =>
    ending !== undefined && (seq ?? 0) >= ending.delivered && seq !== null;
  const compensations = journal.filter(({ kind }) => kind === 'compensation');
  const calls = journal.filter(({ kind }) => kind !== 'saga' && kind !== 'compensation');
  return {
    isMarked: true,
    ending,
    program: calls.filter(entry => !isLate(entry)),
    late: calls.filter(isLate).sort((one, other) => Number(one.seq) - Number(other.seq)),
    compensations: new Map(compensations.map(entry => [entry.index, entry])),
  };
}
