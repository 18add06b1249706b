/** What can happen to a slot that comes while the invocation of the slot before it is not over. */
export const OVERLAPS = ['skip', 'queue', 'allow', 'cancelPrevious'] as const;

/** What happens to a slot that comes while the invocation of the slot before it is not over. */
export type Overlap = (typeof OVERLAPS)[number];

/**
 * Which of the slots that nobody was there for are started afterwards: the newest one, none, all, or those that were
 * missed by no more than so many milliseconds.
 */
export type CatchUp = 'last' | 'none' | 'all' | number;

/** The first slot after a moment, both in milliseconds since 1970; `undefined`: there is none any more. */
export type Slots = (after: number) => number | undefined;

/** A slot that is later than this was missed: `catchUp` says what becomes of it. */
export const ON_TIME_MS = 30_000;
/** Slots that are started at once, at the most; the others follow. */
export const MOST_AT_ONCE = 1_000;

/** A schedule that has something due, as it is now. Times are milliseconds since 1970, by the store's clock. */
export interface DueState {
  readonly now: number;
  /** The first slot that nobody has dealt with. */
  readonly nextAt: number;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  /** The invocation of the last slot that was started. */
  readonly previous: { readonly isLive: boolean; readonly finishedAt: number | undefined };
}

/** What is to be done about what is due. */
export interface FiringPlan {
  /** Slots to start, in order. */
  readonly start: readonly number[];
  /** The first slot that is left for later. */
  readonly nextAt: number | undefined;
  /** Whether a slot is passed because of an overlap. */
  readonly skips: boolean;
}

/**
 * What is to be done about the slots of a schedule that are due; `undefined`: nothing yet, they queue.
 *
 * More than one slot is started only where they may run beside each other (`allow`).
 */
export function planFiring(due: DueState, slots: Slots): FiringPlan | undefined {
  const { now, nextAt, overlap, previous } = due;
  if (overlap === 'queue') return previous.isLive ? undefined : planQueued(due, slots);
  if (overlap === 'allow') return planAll(due, slots);
  const slot = newest(slots, nextAt, now);
  const isWanted =
    isOnTime(slot, now) || due.catchUp === 'last' || due.catchUp === 'all' || isWithin(due, slot);
  const skips = isWanted && overlap === 'skip' && previous.isLive;
  return { start: isWanted && !skips ? [slot] : [], nextAt: slots(now), skips };
}

function planAll(due: DueState, slots: Slots): FiringPlan {
  const { now } = due;
  const start: number[] = [];
  let next: number | undefined = firstWanted(due, slots);
  while (next !== undefined && next <= now && start.length < MOST_AT_ONCE) {
    start.push(next);
    next = slots(next);
  }
  return { start, nextAt: next ?? slots(now), skips: false };
}

/** One slot: what came while the one before it ran has waited, and was not missed. */
function planQueued(due: DueState, slots: Slots): FiringPlan {
  const { nextAt, previous, now } = due;
  const hasWaited = previous.finishedAt !== undefined && nextAt <= previous.finishedAt;
  const slot = hasWaited ? nextAt : firstWanted(due, slots);
  if (slot === undefined || slot > now) return { start: [], nextAt: slot ?? slots(now), skips: false };
  return { start: [slot], nextAt: slots(slot), skips: false };
}

/** The first slot that is to be started; `undefined` or one in the future if none of the missed ones is. */
function firstWanted(due: DueState, slots: Slots): number | undefined {
  const { now, nextAt, catchUp } = due;
  if (catchUp === 'all') return nextAt;
  if (typeof catchUp === 'number') {
    const first = isWithin(due, nextAt) ? nextAt : slots(now - catchUp - 1);
    if (first !== undefined && first <= now) return first;
  }
  const slot = newest(slots, nextAt, now);
  return catchUp === 'last' || isOnTime(slot, now) ? slot : slots(now);
}

function isOnTime(slot: number, now: number): boolean {
  return now - slot <= ON_TIME_MS;
}

function isWithin({ catchUp, now }: DueState, slot: number): boolean {
  return typeof catchUp === 'number' && now - slot <= catchUp;
}

/** The last slot that is due, without going through all since `first`: a downtime may have been long. */
function newest(slots: Slots, first: number, now: number): number {
  for (let span = 1_000; ; span *= 2) {
    const from = now - span;
    const found = from <= first ? first : slots(from);
    if (found === undefined || found > now) continue;
    let slot = found;
    for (let next = slots(slot); next !== undefined && next <= now; next = slots(slot)) slot = next;
    return slot;
  }
}
