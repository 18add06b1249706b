import type { Signature } from '../engine/entry.js';
import type { Ready } from './deliveries.js';
import type { Execution, Phase, Place } from './execution.js';
import type { AttemptKit } from './kit.js';

/**
 * What goes to others and waits for none of them. It has no `settled`: it is done also if the handler is asked to end.
 */
export abstract class OneWayExecution implements Execution {
  readonly phase: Phase = 'busy';
  readonly remainingMs = 0;
  protected stopped = false;
  private running: Promise<Ready | undefined> | undefined;
  private finish: () => void = () => undefined;
  /** Resolves once it is on its way to the store, or refused. */
  readonly done = new Promise<void>(resolve => (this.finish = resolve));

  constructor(
    private readonly signature: Signature,
    protected readonly place: Place,
    protected readonly kit: AttemptKit,
  ) {}

  /** Does it, once. */
  run(): Promise<Ready | undefined> {
    return (this.running ??= this.outcome().finally(this.finish));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Does it; resolves to what user code is given, or to `undefined` if it was stopped or the lease is over. */
  protected abstract give(): Promise<object | string | undefined>;

  private async outcome(): Promise<Ready | undefined> {
    const { codec, errors } = this.kit.env;
    try {
      const value = await this.give();
      return value === undefined ? undefined : this.ready('ok', codec.encode(value));
    } catch (error) {
      return this.ready('error', errors.encode(error));
    }
  }

  private ready(outcome: Ready['outcome'], value: string): Ready {
    const { index, calledAfter } = this.place;
    return { ...this.signature, index, calledAfter, outcome, value, tries: 0, durationMs: null };
  }
}
