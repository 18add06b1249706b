import { TimeoutError } from '../errors/index.js';
import type { StepView } from '../ports/attempt-view.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { StepCall } from '../ports/steps.js';
import { LazySignal } from './lazy-signal.js';
import { promised } from './promised.js';

/** One try of a step. Its signal is aborted when its time is over, or when its attempt is. */
export class StepTry implements StepView {
  readonly name: string;
  private readonly lazy = new LazySignal();

  constructor(
    private readonly call: StepCall,
    readonly idempotencyKey: string,
    readonly attempt: number,
    private readonly clock: Clock,
  ) {
    this.name = call.name;
  }

  get signal(): AbortSignal {
    return this.lazy.signal;
  }

  /** Runs the body; rejects with what it throws, or with a `TimeoutError`. */
  run(): Promise<unknown> {
    const { timeoutMs } = this.call;
    const body = (): unknown => this.call.run(this);
    if (timeoutMs === undefined) return promised(body);
    let cancel: Cancel = () => undefined;
    const expired = new Promise<never>((_, reject) => {
      cancel = this.clock.after(timeoutMs, () => {
        const error = new TimeoutError(`step ${this.name}`, timeoutMs);
        this.abort(() => error);
        reject(error);
      });
    });
    return Promise.race([promised(body), expired]).finally(cancel);
  }

  /** Tells the body that its result is not wanted any more. */
  abort(reason: () => Error): void {
    this.lazy.abort(reason);
  }
}
