import { classify, nextDelay } from '../engine/retry-policy.js';
import type { Cancel } from '../ports/clock.js';
import type { StepCall } from '../ports/steps.js';
import type { Ready } from './deliveries.js';
import type { FaultPoints } from './environment.js';
import type { Execution, Phase, Place, Settlement } from './execution.js';
import type { AttemptKit } from './kit.js';
import { runInScope, type Scope } from './scope.js';
import type { StepBody } from './step-bodies.js';
import { StepTry } from './step-try.js';
import { tryInTransaction, type TryResult } from './step-transaction.js';

/** Where a step stands in its journal: tries that failed, and how long to wait for the next. */
export interface StepPlace extends Place {
  /** Whether to record that a try starts: a process died here before, and the next one wants to know where. */
  readonly careful: boolean;
  readonly kind: 'step' | 'compensation';
}

/**
 * Executes a step until it has an outcome: its tries, and the waits between them.
 *
 * Every failed try is recorded before the next one, so that `maxAttempts` holds over crashes; a try that a
 * crash cut short is not counted.
 */
export class StepExecution implements Execution {
  isCommitting = false;
  private failures: number;
  private current: StepTry | undefined;
  private waitUntil: number | undefined;
  private cancelWait: Cancel | undefined;
  private stopped = false;
  private onStop: (() => void) | undefined;

  constructor(
    private readonly call: StepCall,
    private readonly place: StepPlace,
    private readonly scope: Scope['attempt'],
    private readonly kit: AttemptKit,
  ) {
    this.failures = place.open?.tries ?? 0;
  }

  get phase(): Phase {
    if (this.waitUntil !== undefined) return 'waiting';
    return this.current || this.isCommitting ? 'body' : 'busy';
  }

  /** Milliseconds until its next try; 0 while it runs. */
  get remainingMs(): number {
    return this.waitUntil === undefined ? 0 : Math.max(0, this.waitUntil - this.kit.env.clock.monotonic());
  }

  async run(): Promise<Ready | undefined> {
    const dueIn = this.place.open?.dueIn ?? 0;
    if (dueIn > 0) await this.wait(dueIn);
    // What user code was given so far must be committed before anything of this step can be observed.
    if (!(await this.kit.writes.barrier())) return undefined;
    for (;;) {
      if (this.stopped || (this.place.careful && !(await this.record(null, null, null)))) return undefined;
      const started = this.kit.env.clock.monotonic();
      const result = await this.try(started);
      if (!result || this.stopped) return undefined;
      const durationMs = Math.round(this.kit.env.clock.monotonic() - started);
      if (!('error' in result)) return this.ready(result.outcome, result.value, durationMs);
      this.failures++;
      const delay = this.delayAfter(result.error);
      const value = this.kit.env.errors.encode(result.error);
      if (delay === undefined) return this.ready('error', value, durationMs);
      this.kit.env.logger.warn(this.retryMessage(value, delay));
      // A wait that begins when it is over already would keep the attempt in memory until its time is over.
      if (!(await this.record(value, delay, durationMs)) || this.stopped) return undefined;
      await this.wait(delay);
    }
  }

  settled({ outcome, value }: Settlement): Ready {
    return this.ready(outcome, value, null);
  }

  /** Ends it without an outcome; its body is told through its signal. */
  stop(reason: () => Error): void {
    this.stopped = true;
    this.onStop?.();
    this.cancelWait?.();
    this.current?.abort(reason);
  }

  private try(started: number): Promise<TryResult | undefined> {
    const { transaction } = this.call;
    if (!transaction) return this.body();
    const { index } = this.place;
    return tryInTransaction(transaction, this.call, this.kit, {
      index,
      isStopped: () => this.stopped,
      stopped: new Promise(resolve => (this.onStop = () => resolve(undefined))),
      body: () => {
        this.isCommitting = false;
        return this.body();
      },
      entry: value => {
        this.isCommitting = true;
        const durationMs = Math.round(this.kit.env.clock.monotonic() - started);
        return {
          ...this.ready('ok', value, durationMs),
          seq: null,
          dueInMs: null,
          lease: this.kit.writes.lease,
        };
      },
    }).finally(() => (this.isCommitting = false));
  }

  private body(): Promise<TryResult> {
    const { bodies, clock, faults } = this.kit.env;
    const step = new StepTry(this.call, this.idempotencyKey, this.failures + 1, clock);
    const scope = { attempt: this.scope, step, body: this.call.method };
    const { shown } = this;
    const left = (): void => {
      bodies.leave(shown);
      this.current = undefined;
    };
    this.current = step;
    bodies.enter(shown);
    const running = runInScope(scope, () => (faults ? reaching(faults, step) : step.run()));
    bodies.returned(shown);
    return running.then(
      value => (left(), this.encoded(value)),
      (error: unknown) => (left(), { error }),
    );
  }

  private encoded(value: unknown): TryResult {
    try {
      return { outcome: 'ok', value: this.kit.env.codec.encode(value) };
    } catch (error) {
      return { error };
    }
  }

  private delayAfter(error: unknown): number | undefined {
    const { terminal, retryAfterMs = 0 } = classify(error, this.call.retry);
    const delay = terminal ? undefined : nextDelay(this.call.retry, this.failures, Math.random());
    return delay === undefined ? undefined : Math.max(delay, retryAfterMs);
  }

  /** Records that it is open still. */
  private record(value: string | null, dueInMs: number | null, durationMs: number | null): Promise<boolean> {
    const { kind, index, calledAfter } = this.place;
    const { name } = this.call;
    const tries = this.failures;
    const settled = { seq: null, outcome: null, value, tries, dueInMs, durationMs };
    return this.kit.writes.entry({ kind, name, index, calledAfter, ...settled });
  }

  private wait(ms: number): Promise<void> {
    this.waitUntil = this.kit.env.clock.monotonic() + ms;
    const over = new Promise<void>(resolve => {
      this.cancelWait = this.kit.env.clock.after(ms, () => {
        this.waitUntil = undefined;
        this.kit.onGo();
        resolve();
      });
    });
    // Last: the attempt may let go at once, and what still ran then would keep it in memory until the time is over.
    this.kit.onWait();
    return over;
  }

  private ready(outcome: 'ok' | 'error', value: string, durationMs: number | null): Ready {
    const { kind, index, calledAfter } = this.place;
    return {
      kind,
      name: this.call.name,
      index,
      calledAfter,
      outcome,
      value,
      tries: this.failures,
      durationMs,
    };
  }

  private get shown(): StepBody {
    return { kind: this.place.kind, name: this.call.name, invocation: this.scope.invocation };
  }

  private get idempotencyKey(): string {
    return `${this.kit.writes.lease.invocationId}/${this.place.index}`;
  }

  private retryMessage(encoded: string, delay: number): string {
    const { name, retry } = this.call;
    const of = `${this.failures} of ${retry.maxAttempts}`;
    // As it was recorded: what was thrown may be anything, even something that cannot be made a text.
    const error = this.kit.env.errors.decode(encoded);
    return `${this.place.kind} ${name} of ${this.kit.writes.lease.invocationId} failed (try ${of}), again in ${Math.round(delay)} ms: ${error.name}: ${error.message}`;
  }
}

/** Runs a try between its fault points. */
async function reaching(reach: FaultPoints, step: StepTry): Promise<unknown> {
  await reach('step:before');
  const value = await step.run();
  await reach('step:after');
  return value;
}
