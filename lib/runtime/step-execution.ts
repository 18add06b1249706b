import type { JournalEntry } from '../engine/entry.js';
import { classify, nextDelay } from '../engine/retry-policy.js';
import type { Cancel } from '../ports/clock.js';
import type { StepCall } from '../ports/steps.js';
import type { Ready } from './deliveries.js';
import type { AttemptEnvironment } from './environment.js';
import type { LeaseWriter } from './lease-writer.js';
import { runInScope, type Scope } from './scope.js';
import { StepTry } from './step-try.js';

/** Where a step stands in its journal. */
export interface StepPlace {
  readonly index: number;
  readonly calledAfter: number;
  /** What the journal has of it: tries that failed, and how long to wait for the next. */
  readonly open: JournalEntry | undefined;
  /** Whether to record that a try starts: a process died here before, and the next one wants to know where. */
  readonly careful: boolean;
}

/**
 * Executes a step until it has an outcome: its tries, and the waits between them.
 *
 * Every failed try is recorded before the next one, so that `maxAttempts` holds over crashes; a try that a
 * crash cut short is not counted.
 */
export class StepExecution {
  private failures: number;
  private current: StepTry | undefined;
  private waitUntil: number | undefined;
  private cancelWait: Cancel | undefined;
  private stopped = false;

  constructor(
    private readonly call: StepCall,
    private readonly place: StepPlace,
    private readonly scope: Scope['attempt'],
    private readonly writes: LeaseWriter,
    private readonly env: AttemptEnvironment,
  ) {
    this.failures = place.open?.tries ?? 0;
  }

  /** Whether its body is being run. */
  get inBody(): boolean {
    return this.current !== undefined;
  }

  /** Whether it waits for its next try. */
  get waiting(): boolean {
    return this.waitUntil !== undefined;
  }

  /** Milliseconds until its next try; 0 while it runs. */
  get remainingMs(): number {
    return this.waitUntil === undefined ? 0 : Math.max(0, this.waitUntil - this.env.clock.monotonic());
  }

  /**
   * Resolves to its outcome, or to `undefined` if it was stopped.
   * @param onWait called when it starts to wait for its next try
   */
  async run(onWait: () => void): Promise<Ready | undefined> {
    if (this.place.open?.dueIn) await this.wait(this.place.open.dueIn, onWait);
    // What user code was given so far must be committed before anything of this step can be observed.
    if (!(await this.writes.barrier())) return undefined;
    for (;;) {
      if (this.stopped || (this.place.careful && !(await this.record(null, null, null)))) return undefined;
      const started = this.env.clock.monotonic();
      const result = await this.try();
      if (this.stopped) return undefined;
      const durationMs = Math.round(this.env.clock.monotonic() - started);
      if (result.outcome === 'ok') return this.ready('ok', result.value, durationMs);
      this.failures++;
      const delay = this.delayAfter(result.error);
      const value = this.env.errors.encode(result.error);
      if (delay === undefined) return this.ready('error', value, durationMs);
      this.env.logger.warn(this.retryMessage(value, delay));
      if (!(await this.record(value, delay, durationMs))) return undefined;
      await this.wait(delay, onWait);
    }
  }

  /** Ends it without an outcome; its body is told through its signal. */
  stop(reason: () => Error): void {
    this.stopped = true;
    this.cancelWait?.();
    this.current?.abort(reason);
  }

  private async try(): Promise<{ outcome: 'ok'; value: string } | { outcome: 'error'; error: unknown }> {
    const step = new StepTry(this.call, this.idempotencyKey, this.failures + 1, this.env.clock);
    this.current = step;
    try {
      await this.env.faults?.('step:before');
      const value = await runInScope({ attempt: this.scope, step }, () => step.run());
      await this.env.faults?.('step:after');
      return { outcome: 'ok', value: this.env.codec.encode(value) };
    } catch (error) {
      return { outcome: 'error', error };
    } finally {
      this.current = undefined;
    }
  }

  private delayAfter(error: unknown): number | undefined {
    const { terminal, retryAfterMs = 0 } = classify(error, this.call.retry);
    const delay = terminal ? undefined : nextDelay(this.call.retry, this.failures, Math.random());
    return delay === undefined ? undefined : Math.max(delay, retryAfterMs);
  }

  /** Records that it is open still. */
  private record(value: string | null, dueInMs: number | null, durationMs: number | null): Promise<boolean> {
    const { index, calledAfter } = this.place;
    const { name } = this.call;
    const tries = this.failures;
    const settled = { seq: null, outcome: null, value, tries, dueInMs, durationMs };
    return this.writes.entry({ kind: 'step', name, index, calledAfter, ...settled });
  }

  private wait(ms: number, onWait: () => void): Promise<void> {
    this.waitUntil = this.env.clock.monotonic() + ms;
    onWait();
    return new Promise(resolve => {
      this.cancelWait = this.env.clock.after(ms, () => {
        this.waitUntil = undefined;
        resolve();
      });
    });
  }

  private ready(outcome: 'ok' | 'error', value: string, durationMs: number): Ready {
    const { index, calledAfter } = this.place;
    return {
      kind: 'step',
      name: this.call.name,
      index,
      calledAfter,
      outcome,
      value,
      tries: this.failures,
      durationMs,
    };
  }

  private get idempotencyKey(): string {
    return `${this.writes.lease.invocationId}/${this.place.index}`;
  }

  private retryMessage(encoded: string, delay: number): string {
    const { name, retry } = this.call;
    const of = `${this.failures} of ${retry.maxAttempts}`;
    // As it was recorded: what was thrown may be anything, even something that cannot be made a text.
    const error = this.env.errors.decode(encoded);
    return `step ${name} of ${this.writes.lease.invocationId} failed (try ${of}), again in ${Math.round(delay)} ms: ${error.name}: ${error.message}`;
  }
}
