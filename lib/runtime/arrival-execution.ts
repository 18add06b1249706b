import type { Signature } from '../engine/entry.js';
import type { Ready } from './deliveries.js';
import type { Execution, Phase, Place, Settlement } from './execution.js';
import type { AttemptKit } from './kit.js';

/** What waits for its outcome from outside: how it begins is its own, how it waits is the same for all. */
export abstract class ArrivalExecution implements Execution {
  phase: Phase = 'busy';
  readonly remainingMs = Infinity;
  protected stopped = false;

  constructor(
    protected readonly signature: Signature,
    protected readonly place: Place,
    protected readonly kit: AttemptKit,
  ) {}

  async run(): Promise<Ready | undefined> {
    const begun = await this.begin();
    if (begun === 'over' || this.stopped) return undefined;
    if (begun) return begun;
    this.phase = 'waiting';
    this.kit.onWait();
    return this.arrival();
  }

  stop(): void {
    this.stopped = true;
  }

  settled({ outcome, value }: Settlement): Ready {
    return this.ready(outcome, value);
  }

  /** Sees to it that something will arrive; or its outcome, if that is known already, or `over`: the lease is. */
  protected abstract begin(): Promise<Ready | 'over' | undefined>;

  protected async arrival(): Promise<Ready | undefined> {
    const { outcome, value } = await this.kit.arrivals.outcomeOf(this.place.index);
    return this.stopped ? undefined : this.ready(outcome, value);
  }

  protected ready(outcome: Ready['outcome'], value: string, signalId?: string): Ready {
    const { kind, name } = this.signature;
    const { index, calledAfter } = this.place;
    const ready = { kind, name, index, calledAfter, outcome, value, tries: 0, durationMs: null };
    return signalId === undefined ? ready : { ...ready, signalId };
  }

  protected failed(error: unknown): Ready {
    return this.ready('error', this.kit.env.errors.encode(error));
  }

  /** The entry as it stands until something arrives. */
  protected opening() {
    const { kind, name } = this.signature;
    const { index, calledAfter } = this.place;
    return {
      kind,
      name,
      index,
      calledAfter,
      seq: null,
      outcome: null,
      value: null,
      tries: 0,
      dueInMs: null,
      durationMs: null,
    };
  }
}
