import type { AcceptResult, EntryWrite, Lease, Transition } from '../ports/store.js';
import type { Accepted, Acceptor, Asked } from './acceptor.js';
import type { Ready } from './deliveries.js';
import type { Done } from './write-queue.js';
import type { Writer } from './writer.js';

const HELD = Promise.resolve(true);
const NOT_HELD = Promise.resolve(false);

/** A write that waits for its commit. There are so many of them that only those have a promise that are asked for one. */
class Tracked implements Done<AcceptResult> {
  private held: boolean | undefined;
  private promise: Promise<boolean> | undefined;
  private tell: ((held: boolean) => void) | undefined;

  constructor(
    private readonly events: TrackedEvents,
    private readonly isDelivery: boolean,
  ) {}

  /** Whether the lease held, once that is known. */
  get isHeld(): Promise<boolean> {
    if (this.held !== undefined) return this.held ? HELD : NOT_HELD;
    return (this.promise ??= new Promise(resolve => (this.tell = resolve)));
  }

  resolve(result: AcceptResult): void {
    // Later: others of the same batch are still to be told what became of them.
    if (result === 'fenced') queueMicrotask(() => this.events.lost());
    else if (this.isDelivery) this.events.delivered();
    this.settle(result !== 'fenced');
  }

  reject(error: unknown): void {
    queueMicrotask(() => this.events.failed(error));
    this.settle(false);
  }

  private settle(held: boolean): void {
    this.held = held;
    this.tell?.(held);
  }
}

interface TrackedEvents {
  delivered(): void;
  lost(): void;
  failed(error: unknown): void;
}

/**
 * The writes of one attempt, under its lease.
 *
 * An outcome may be handed to user code before its commit, so that the last one shares a commit with the end of
 * the invocation. In return nothing that others can observe may start before {@link barrier}.
 */
export class LeaseWriter {
  private last: Tracked | undefined;
  private delivered = false;
  private readonly events: TrackedEvents;

  /**
   * @param onLost called once a write is refused because the lease is over
   * @param onFailure called when the store refuses a write for itself that does not end the lease
   */
  constructor(
    readonly lease: Lease,
    private readonly writer: Writer,
    private readonly acceptor: Acceptor,
    private readonly onLost: () => void,
    onFailure: (error: unknown) => void,
  ) {
    this.events = { delivered: () => (this.delivered = true), lost: onLost, failed: onFailure };
  }

  /** Whether an outcome is committed that user code was given. */
  get hasDelivered(): boolean {
    return this.delivered;
  }

  /** Writes an entry; resolves to whether the lease still holds. */
  entry(write: Omit<EntryWrite, 'lease'>): Promise<boolean> {
    return this.add({ ...write, lease: this.lease }).isHeld;
  }

  /** Writes an entry that nobody need wait for, unless for {@link barrier}. */
  note(write: Omit<EntryWrite, 'lease'>): void {
    this.add({ ...write, lease: this.lease });
  }

  /** Writes an outcome that user code is given as the delivery of this number. */
  deliver(ready: Ready, seq: number): void {
    // Field by field: it is what an attempt does most, and spreads cost more than the rest of it.
    const { kind, name, index, calledAfter, outcome, value, tries, durationMs, signalId } = ready;
    const { lease } = this;
    const write = {
      lease,
      kind,
      name,
      index,
      calledAfter,
      seq,
      outcome,
      value,
      tries,
      dueInMs: null,
      durationMs,
    };
    this.add(signalId === undefined ? write : { ...write, signalId });
  }

  /** Ends the lease; resolves to whether it still held. Rejects if the store refuses it for itself. */
  transition(write: Omit<Transition, 'lease'>): Promise<boolean> {
    return this.writer.transition({ ...write, lease: this.lease }).then(result => {
      if (result === 'fenced') this.onLost();
      return result !== 'fenced';
    });
  }

  /**
   * Accepts an invocation for this one, and with it writes the entry that waits for it. `undefined`: the lease is over.
   */
  async accept(asked: Asked, entry?: Omit<EntryWrite, 'lease'>): Promise<Accepted | undefined> {
    const extras = entry && { entry: { ...entry, lease: this.lease } };
    const accepted = this.acceptor.accept(asked, extras);
    const held = await this.track(accepted.then(({ result }) => result));
    return held ? accepted : undefined;
  }

  /** Accepts invocations for this one, in one commit. `undefined`: the lease is over. */
  async acceptAll(all: readonly Asked[]): Promise<readonly Accepted[] | undefined> {
    const accepted = this.acceptor.acceptAll(all);
    const isFenced = (results: readonly Accepted[]): boolean =>
      results.some(({ result }) => result === 'fenced');
    const held = await this.track(accepted.then(results => (isFenced(results) ? 'fenced' : 'ok')));
    return held ? accepted : undefined;
  }

  /** Resolves once everything written so far is committed, to whether the lease still held. */
  barrier(): Promise<boolean> {
    return this.last?.isHeld ?? HELD;
  }

  /** Something that was not written here was refused: the lease is over. */
  lose(): void {
    this.onLost();
  }

  private add(write: EntryWrite): Tracked {
    const tracked = this.newest(write.seq !== null);
    this.writer.addEntry(write, tracked);
    return tracked;
  }

  private track(write: Promise<AcceptResult>): Promise<boolean> {
    const tracked = this.newest(false);
    write.then(
      result => tracked.resolve(result),
      (error: unknown) => tracked.reject(error),
    );
    return tracked.isHeld;
  }

  /** What {@link barrier} waits for from now on. */
  private newest(isDelivery: boolean): Tracked {
    return (this.last = new Tracked(this.events, isDelivery));
  }
}
