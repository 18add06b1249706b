import { CancelledError } from '../errors/index.js';
import type { BufferedSignal } from '../ports/store.js';
import type { Deliveries } from './deliveries.js';
import { CallExecution } from './call-execution.js';
import type { Execution } from './execution.js';
import type { AttemptKit } from './kit.js';

/** The signal that asks. */
type Asked = Pick<BufferedSignal, 'id' | 'value'>;

/**
 * What becomes of an attempt whose handler is asked to end: what it waits for then is rejected with the
 * error that says why, and what it does afterwards (to make good what was done) is done.
 *
 * The request stays in the inbox until the rejections are recorded, so that a crash loses nothing of it.
 */
export class Cancellation {
  private asked: Asked | undefined;
  private applying = false;

  constructor(
    private readonly executions: Map<number, Execution>,
    private readonly deliveries: Deliveries,
    private readonly kit: AttemptKit,
    /** Whether user code is given anything, and has been given all that is recorded. */
    private readonly isLive: () => boolean,
  ) {}

  /** Whether what is called now is rejected, and is not to begin, if it can be given an outcome. */
  get isPending(): boolean {
    return this.asked !== undefined;
  }

  /** The error that is still to be given to user code. */
  get pending(): string | undefined {
    return this.asked?.value;
  }

  /** Somebody asks for it. */
  ask(signal: Asked): void {
    this.asked = signal;
    this.apply();
  }

  /** Rejects what is waited for, once there is something. */
  apply(): void {
    if (!this.asked || this.applying) return;
    this.applying = true;
    // In the next turn: what is called in this one belongs to it.
    setImmediate(() => {
      this.cancelChildren()
        .then(() => this.reject())
        .catch((error: unknown) => this.kit.env.logger.warn(`a cancellation waits: ${String(error)}`))
        .finally(() => (this.applying = false));
    });
  }

  /** Before anything is recorded, so that no child is forgotten by a crash in between. */
  private async cancelChildren(): Promise<void> {
    const calls = [...this.executions.values()].filter(one => one instanceof CallExecution);
    await Promise.all(calls.map(({ childId }) => this.cancelChild(childId)));
  }

  private async cancelChild(id: string): Promise<void> {
    const { store, messenger, errors } = this.kit.env;
    const errorOf = (one: string): string => errors.encode(new CancelledError(one));
    const cancelled = await this.kit.patiently(
      () => store.cancel(id, errorOf),
      () => !this.isLive(),
    );
    if (cancelled) messenger.controlled(cancelled);
  }

  private reject(): void {
    const { asked } = this;
    if (!asked || !this.isLive()) return;
    const { id: signalId, value } = asked;
    const rejected = [...this.executions.values()].flatMap(execution => {
      const ready = execution.settled?.({ outcome: 'error', value });
      // What is on its way to user code was there first: given twice, it would be recorded twice.
      if (!ready || execution.isCommitting || this.deliveries.isReady(ready.index)) return [];
      return [{ execution, ready }];
    });
    if (rejected.length === 0) return;
    this.asked = undefined;
    const error = this.kit.env.errors.decode(value);
    for (const [at, { execution, ready }] of rejected.entries()) {
      execution.stop(() => error);
      this.executions.delete(ready.index);
      // The last one takes the request out of the inbox.
      const taken = at === rejected.length - 1 ? { signalId } : {};
      this.kit.writes.note({ ...ready, ...taken, seq: null, dueInMs: null });
      this.deliveries.add(ready);
    }
  }
}
