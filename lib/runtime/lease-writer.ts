import type { AcceptResult, EntryWrite, Lease, Transition } from '../ports/store.js';
import type { Accepted, Acceptor, Asked } from './acceptor.js';
import type { Ready } from './deliveries.js';
import type { Writer } from './writer.js';

const NOTHING_WRITTEN = Promise.resolve(true);

/**
 * The writes of one attempt, under its lease.
 *
 * An outcome may be handed to user code before its commit, so that the last one shares a commit with the end of
 * the invocation. In return nothing that others can observe may start before {@link barrier}.
 */
export class LeaseWriter {
  private last = NOTHING_WRITTEN;
  private delivered = false;

  /**
   * @param onLost called once a write is refused because the lease is over
   * @param onFailure called when the store refuses a write for itself that does not end the lease
   */
  constructor(
    readonly lease: Lease,
    private readonly writer: Writer,
    private readonly acceptor: Acceptor,
    private readonly onLost: () => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Whether an outcome is committed that user code was given. */
  get hasDelivered(): boolean {
    return this.delivered;
  }

  /** Writes an entry; resolves to whether the lease still holds. */
  entry(write: Omit<EntryWrite, 'lease'>): Promise<boolean> {
    return this.track(this.writer.entry({ ...write, lease: this.lease }), write.seq !== null);
  }

  /** Writes an outcome that user code is given as the delivery of this number. */
  deliver(ready: Ready, seq: number): Promise<boolean> {
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
    return this.track(this.writer.entry(signalId === undefined ? write : { ...write, signalId }), true);
  }

  /** Ends the lease; resolves to whether it still held. Rejects if the store refuses it for itself. */
  async transition(write: Omit<Transition, 'lease'>): Promise<boolean> {
    if ((await this.writer.transition({ ...write, lease: this.lease })) !== 'fenced') return true;
    this.onLost();
    return false;
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
    return this.last;
  }

  /** Something that was not written here was refused: the lease is over. */
  lose(): void {
    this.onLost();
  }

  private track(write: Promise<AcceptResult>, isDelivery = false): Promise<boolean> {
    return (this.last = this.held(write, isDelivery));
  }

  private async held(write: Promise<AcceptResult>, isDelivery: boolean): Promise<boolean> {
    try {
      if ((await write) !== 'fenced') {
        this.delivered ||= isDelivery;
        return true;
      }
      this.onLost();
    } catch (error) {
      this.onFailure(error);
    }
    return false;
  }
}
