/**
 * What holds of the order of things after every run, by the database's clock:
 *
 * I4. The epochs of an invocation's journal never go back, neither in the order in which outcomes were delivered nor in
 *     the order in which entries were written, and none is ahead of the invocation's own.
 * I5. No two invocations that have a virtual object for themselves wrote at the same time: whoever has its turn writes
 *     after the end of whoever had it before.
 * I7. No timer was early, and no slot of a schedule.
 */
import type { LedgerLine } from '../../apps/faults/protocol.js';
import type { EntryRow, InvocationRow, Records } from './records.js';

/** Kinds of entries that are settled from outside, under no lease. */
const ARRIVING: ReadonlySet<string> = new Set(['call', 'attach', 'awakeable']);

/** Breaches of I4 in one journal. */
export function epochBreaches({ epoch }: InvocationRow, journal: readonly EntryRow[]): string[] {
  const ahead = journal.filter(entry => entry.epoch > epoch);
  const delivered = journal.filter(({ seq }) => seq !== null).sort((one, other) => one.seq! - other.seq!);
  const written = journal
    .filter(({ kind, seq }) => seq !== null || !ARRIVING.has(kind))
    .sort((one, other) => one.writtenAt - other.writtenAt);
  return [
    ...ahead.map(entry => `entry ${entry.index} is of epoch ${entry.epoch}, ahead of ${epoch} (I4)`),
    ...stepsBack(delivered, 'was delivered'),
    ...stepsBack(written, 'was written'),
  ];
}

function stepsBack(entries: readonly EntryRow[], how: string): string[] {
  let newest = 0;
  return entries.flatMap(({ index, epoch }) => {
    const isBack = epoch < newest;
    newest = Math.max(newest, epoch);
    return isBack ? [`entry ${index} ${how} under epoch ${epoch}, after one of epoch ${newest} (I4)`] : [];
  });
}

/**
 * Breaches of I5.
 *
 * @param retried what had its object twice
 */
export function overlaps({ invocations, entries }: Records, retried: ReadonlySet<string>): string[] {
  const began = new Map<string, number>();
  for (const { id, writtenAt } of entries)
    began.set(id, Math.min(began.get(id) ?? Number.POSITIVE_INFINITY, writtenAt));
  const turns = invocations.flatMap(({ id, objectId, queued, finishedAt }) => {
    const from = began.get(id);
    if (objectId === null || !queued || from === undefined || finishedAt === null || retried.has(id))
      return [];
    return [{ id, objectId, from, to: finishedAt }];
  });
  turns.sort((one, other) => one.from - other.from);
  const last = new Map<string, (typeof turns)[number]>();
  return turns.flatMap(turn => {
    const before = last.get(turn.objectId);
    last.set(turn.objectId, turn);
    return before && before.to > turn.from
      ? [`${turn.id} wrote for its object before ${before.id} was over (I5)`]
      : [];
  });
}

/** Of the slots of a schedule, sorted: those that do not come `everyMs` after the one before, as doubled or left out. */
export function slotsOutOfTurn(slots: readonly number[], everyMs: number): number[] {
  return slots.filter((slot, at) => at > 0 && slot - (slots[at - 1] ?? 0) !== everyMs);
}

/** Breaches of I7. The clock of the processes is the database's: they are on one machine. */
export function earlyTimers({ invocations }: Records, ledger: readonly LedgerLine[]): string[] {
  // Dates of creation are rounded to the millisecond.
  const slots = invocations.filter(({ slot, createdAt }) => slot !== null && slot > createdAt + 1);
  return [
    ...slots.map(({ id, slot }) => `${id} was started before its slot ${slot} (I7)`),
    ...sleeps(ledger).flatMap(({ id, name, lateMs }) =>
      lateMs < 0 ? [`${id}: the sleep before ${name} was over ${-lateMs} ms early (I7)`] : [],
    ),
  ];
}

/**
 * The sleeps that are over, and how late they were, at the most: counted from when it was first called, which is before
 * its time was recorded, until an attempt went on after it for the first time.
 */
export function sleeps(ledger: readonly LedgerLine[]): { id: string; name: string; lateMs: number }[] {
  const due = new Map<string, number>();
  const over = new Set<string>();
  return ledger.flatMap(({ what, phase, id = '', name, at, ms = 0 }) => {
    const timer = `${id} ${name}`;
    if (what !== 'timer' || over.has(timer)) return [];
    if (phase === 'start') {
      if (!due.has(timer)) due.set(timer, at + ms);
      return [];
    }
    over.add(timer);
    return [{ id, name, lateMs: at - (due.get(timer) ?? 0) }];
  });
}
