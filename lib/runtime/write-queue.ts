import { isTerminal } from '../engine/status.js';
import type {
  AcceptResult,
  Arrival,
  ArrivalResult,
  Batch,
  BatchResult,
  EntryWrite,
  NewInvocation,
  Transition,
  WriteResult,
} from '../ports/store.js';

/** Told what became of a write. */
export interface Done<R> {
  resolve(result: R): void;
  reject(error: unknown): void;
}

interface Item<K extends string, W, R> {
  readonly kind: K;
  readonly write: W;
  /** When the writer stops trying, by the monotonic clock; without one it never does: a lease depends on it. */
  readonly deadline?: number | undefined;
  /** Whether it belongs into one batch with the item that follows. */
  readonly joined?: boolean;
  readonly done: Done<R>;
}

/** One write that waits for its commit. */
export type WriteItem =
  | Item<'accept', NewInvocation, AcceptResult>
  | Item<'entry', EntryWrite, WriteResult>
  | Item<'transition', Transition, WriteResult>
  | Item<'arrival', Arrival, ArrivalResult>;

export const MAX_BATCH = 500;
/** Characters of payload in one batch, which is one statement: many large ones would be more than a connection takes. */
export const MAX_PAYLOAD = 8 * 1024 * 1024;

/** The longest prefix of a queue that one batch may hold, of at most `most` writes, and one group at the least. */
export function nextBatch(
  queue: readonly WriteItem[],
  most = MAX_BATCH,
): { batch: WriteItem[]; rest: WriteItem[] } {
  const touched = new Touched();
  let end = 0;
  let payload = 0;
  while (end < queue.length && end < most) {
    const group = queue.slice(end, groupEnd(queue, end));
    for (const item of group) payload += payloadOf(item);
    // One that is larger than a batch has one of its own.
    if (end > 0 && (end + group.length > most || payload > MAX_PAYLOAD)) break;
    if (!group.every(item => touched.add(item))) break;
    end += group.length;
  }
  return { batch: queue.slice(0, end), rest: queue.slice(end) };
}

/** Where the group ends that begins at a place. */
function groupEnd(items: readonly WriteItem[], from: number): number {
  let end = from;
  while (items[end]?.joined && end < items.length - 1) end++;
  return end + 1;
}

/** Where a batch can be divided, near its middle; 0: it is one group. */
export function middleOf(items: readonly WriteItem[]): number {
  let middle = 0;
  for (let at = groupEnd(items, 0); at < items.length; at = groupEnd(items, at)) {
    if (middle > 0 && at > items.length >> 1) break;
    middle = at;
  }
  return middle;
}

/** Whether a write records what was given to user code: what can be observed of it waits for its commit by itself. */
export function isDelivery(item: WriteItem): boolean {
  return item.kind === 'entry' && item.write.seq !== null;
}

/** The id of the invocation that a write is for. */
export function invocationOf({ kind, write }: WriteItem): string {
  if (kind === 'accept') return write.id;
  if (kind !== 'arrival') return write.lease.invocationId;
  return write.kind === 'signal' ? write.invocationId : write.entry.invocationId;
}

/** How many characters of users' data a write has. */
function payloadOf(item: WriteItem): number {
  switch (item.kind) {
    case 'accept':
      return item.write.input.length;
    case 'entry':
      // A change of state carries its value a second time.
      return (item.write.value?.length ?? 0) + (item.write.state?.value?.length ?? 0);
    case 'transition':
      return (item.write.output?.length ?? 0) + (item.write.error?.length ?? 0);
    case 'arrival':
      return item.write.value.length;
  }
}

/** The rows that a batch touches, and in which way: the rules of `Batch`. */
class Touched {
  private readonly entries = new Set<string>();
  private readonly accepted = new Set<string>();
  private readonly moved = new Set<string>();
  private readonly woken = new Set<string>();
  private readonly queued = new Set<string>();
  private readonly freed = new Set<string>();

  /** Adds a write; `false` if its row is touched in another way already. */
  add(item: WriteItem): boolean {
    const id = invocationOf(item);
    switch (item.kind) {
      case 'accept':
        return this.accept(item.write);
      case 'entry':
        return (
          !this.accepted.has(id) && !this.moved.has(id) && added(this.entries, `${id}/${item.write.index}`)
        );
      case 'transition':
        return this.move(id, item.write);
      case 'arrival':
        return this.arrive(id, item.write);
    }
  }

  private accept({ id, object, exclusive }: NewInvocation): boolean {
    if (object && exclusive) {
      if (this.freed.has(object.id)) return false;
      this.queued.add(object.id);
    }
    return added(this.accepted, id);
  }

  private move(id: string, { status, parent, holds }: Transition): boolean {
    if (this.accepted.has(id) || this.woken.has(id) || !added(this.moved, id)) return false;
    if (!isTerminal(status)) return true;
    if (holds !== null) {
      if (this.queued.has(holds)) return false;
      this.freed.add(holds);
    }
    return !parent || this.wake(parent.invocationId, parent.index);
  }

  private arrive(id: string, arrival: Arrival): boolean {
    if (this.accepted.has(id)) return false;
    return this.wake(id, arrival.kind === 'completion' ? arrival.entry.index : undefined);
  }

  private wake(id: string, index: number | undefined): boolean {
    if (this.moved.has(id)) return false;
    this.woken.add(id);
    return index === undefined || added(this.entries, `${id}/${index}`);
  }
}

/** Adds to a set; `false` if it was there. */
function added(set: Set<string>, key: string): boolean {
  if (set.has(key)) return false;
  set.add(key);
  return true;
}

export function toBatch(items: readonly WriteItem[]): Batch {
  const batch = {
    accepts: [] as NewInvocation[],
    entries: [] as EntryWrite[],
    transitions: [] as Transition[],
    arrivals: [] as Arrival[],
  };
  for (const item of items) {
    if (item.kind === 'accept') batch.accepts.push(item.write);
    else if (item.kind === 'entry') batch.entries.push(item.write);
    else if (item.kind === 'transition') batch.transitions.push(item.write);
    else batch.arrivals.push(item.write);
  }
  return batch;
}

/** Tells each write of a batch what became of it. */
export function settle(items: readonly WriteItem[], result: BatchResult): void {
  const next = { accept: 0, entry: 0, transition: 0, arrival: 0 };
  for (const item of items) {
    const at = next[item.kind]++;
    if (item.kind === 'accept') item.done.resolve(result.accepts[at] as AcceptResult);
    else if (item.kind === 'arrival') item.done.resolve(result.arrivals[at] as ArrivalResult);
    else if (item.kind === 'entry') item.done.resolve(result.entries[at] as WriteResult);
    else item.done.resolve(result.transitions[at] as WriteResult);
  }
}
