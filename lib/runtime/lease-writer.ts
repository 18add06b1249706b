import type { EntryWrite, Lease, Transition, WriteResult } from '../ports/store.js';
import type { Writer } from './writer.js';

/**
 * The writes of one attempt, under its lease.
 *
 * An outcome may be handed to user code before its commit, so that the last one shares a commit with the end of
 * the invocation. In return nothing that others can observe may start before {@link barrier}.
 */
export class LeaseWriter {
  private last: Promise<WriteResult> | undefined;

  /**
   * @param onLost called once a write is refused because the lease is over
   * @param onFailure called when the store refuses a write for itself
   */
  constructor(
    readonly lease: Lease,
    private readonly writer: Writer,
    private readonly onLost: () => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Writes an entry; resolves to whether the lease still holds. */
  entry(write: Omit<EntryWrite, 'lease'>): Promise<boolean> {
    return this.track(this.writer.entry({ ...write, lease: this.lease }));
  }

  /** Ends the lease; resolves to whether it still held. */
  transition(write: Omit<Transition, 'lease'>): Promise<boolean> {
    return this.track(this.writer.transition({ ...write, lease: this.lease }));
  }

  /** Resolves once everything written so far is committed, to whether the lease still held. */
  async barrier(): Promise<boolean> {
    return this.last === undefined || (await this.held(this.last));
  }

  private track(write: Promise<WriteResult>): Promise<boolean> {
    this.last = write;
    const done = (): void => {
      if (this.last === write) this.last = undefined;
    };
    write.then(done, () => undefined);
    return this.held(write);
  }

  private async held(write: Promise<WriteResult>): Promise<boolean> {
    try {
      if ((await write) !== 'fenced') return true;
      this.onLost();
    } catch (error) {
      this.onFailure(error);
    }
    return false;
  }
}
