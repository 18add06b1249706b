import type { JournalEntry, Outcome } from '../engine/entry.js';
import { type Mismatch, Replay } from '../engine/replay.js';
import { isTerminal } from '../engine/status.js';
import { AttemptLostError, JournalMismatchError, TimeoutError } from '../errors/index.js';
import type { AttemptView, InvocationView } from '../ports/attempt-view.js';
import type { Cancel } from '../ports/clock.js';
import type { HandlerDefinition } from '../ports/handlers.js';
import type { StepCall, StepCalls } from '../ports/steps.js';
import type { Claimed, Settled, Transition } from '../ports/store.js';
import { Deliveries, type DeliveryTarget, type Ready } from './deliveries.js';
import { concludeError, concludeValue, type Ending, type EndingFacts } from './ending.js';
import type { AttemptEnvironment } from './environment.js';
import { LazySignal } from './lazy-signal.js';
import { LeaseWriter } from './lease-writer.js';
import { type DurableOperations, runInScope, runOutside } from './scope.js';
import { StepExecution } from './step-execution.js';

/** What an attempt left behind, for its worker: `undefined` if its lease was over. */
export type AttemptEnd = Transition | undefined;

/** How long an attempt that only waits keeps its memory before it lets go. */
const RESIDENT_MS = 5_000;
/** How long replay waits for a recorded operation to be called while the handler awaits another one. */
const STUCK_MS = 5_000;

const NOTHING = { output: null, error: null, failedEntry: null, dueInMs: null, failedAttempt: false };

/**
 * One process driving one invocation under one lease.
 *
 * It is *driving* until something decides where the invocation goes: the handler's end, a timeout, a mismatch, a
 * wait that is too long to stay for, a release. The first decision wins; it is *over* once that is written, or
 * once the lease is lost. From the decision on, user code gets nothing more: what it awaits never settles.
 */
export class Attempt implements AttemptView, DurableOperations {
  readonly invocation: InvocationView;
  readonly attempt: number;
  /** Resolves when the attempt is over. */
  readonly done: Promise<AttemptEnd>;

  private readonly replay: Replay;
  private readonly deliveries: Deliveries;
  private readonly writes: LeaseWriter;
  private readonly lazy = new LazySignal();
  private readonly executions = new Map<number, StepExecution>();
  private readonly facts: EndingFacts;
  private state: 'driving' | 'deciding' | 'over' = 'driving';
  private draining = false;
  private progressed = false;
  private cancelStuck: Cancel | undefined;
  private cancelTimeout: Cancel | undefined;
  private finish: (end: AttemptEnd) => void = () => undefined;

  constructor(
    private readonly claimed: Claimed,
    journal: readonly JournalEntry[],
    private readonly definition: HandlerDefinition,
    private readonly env: AttemptEnvironment,
  ) {
    const { lease, service, handler, createdAt } = claimed;
    this.invocation = { id: lease.invocationId, service, handler, createdAt };
    this.attempt = claimed.failedAttempts + 1;
    this.replay = new Replay(journal);
    this.deliveries = new Deliveries(this.replay, this.deliveryTarget());
    const { writer, codec, errors } = env;
    this.facts = { claimed, retry: definition.retry, recordedErrors: new WeakMap(), codec, errors };
    this.writes = new LeaseWriter(
      lease,
      writer,
      () => this.lose(),
      error => this.fail(error),
    );
    this.done = new Promise(resolve => (this.finish = resolve));
  }

  get isReplaying(): boolean {
    return this.replay.isReplaying;
  }

  /** Whether it has recorded an outcome that was not there before. */
  get hasProgressed(): boolean {
    return this.progressed;
  }

  get signal(): AbortSignal {
    return this.lazy.signal;
  }

  get steps(): StepCalls {
    return this.env.steps;
  }

  /** Starts the handler. */
  start(): void {
    const { timeoutMs, service, handler } = this.definition;
    if (timeoutMs !== undefined) {
      const expire = (): void => this.fail(new TimeoutError(`handler ${service}.${handler}`, timeoutMs));
      this.cancelTimeout = this.env.clock.after(timeoutMs, expire);
    }
    const body = async (): Promise<unknown> => {
      const args = this.env.codec.decode(this.claimed.input) as readonly unknown[];
      return this.definition.invoke(this, args);
    };
    runOutside(() => runInScope({ attempt: this, step: undefined }, body)).then(
      value => this.decide(concludeValue(value, this.facts)),
      (error: unknown) => this.fail(error),
    );
  }

  /** Calls a step: gives its recorded outcome, or executes it. */
  step(call: StepCall): Promise<unknown> {
    if (this.state !== 'driving') return never();
    const calledAfter = this.replay.delivered;
    const decision = this.replay.call({ kind: 'step', name: call.name });
    if (decision.action === 'mismatch') {
      this.pause(decision.mismatch);
      return never();
    }
    const { index } = decision;
    const outcome = this.deliveries.expect(index);
    if (decision.action === 'deliver') this.deliveries.add(decision.settled);
    if (decision.action === 'execute') {
      const place = { index, calledAfter, open: decision.open, careful: this.claimed.deaths > 0 };
      const execution = new StepExecution(call, place, this, this.writes, this.env);
      this.deliveries.afterReplay(() => this.execute(index, execution));
    }
    return outcome;
  }

  /** Gives the invocation back as soon as no step of it is being run; starts no other one. */
  drain(): void {
    this.draining = true;
    this.settleDown();
  }

  /** Gives the invocation back now. */
  release(): void {
    this.decide({ status: 'scheduled', dueInMs: 0 });
  }

  /** The lease is over: stops at once and writes nothing more. */
  lose(): void {
    if (this.state === 'over') return;
    this.letGo();
    this.state = 'over';
    this.finish(undefined);
  }

  private execute(index: number, execution: StepExecution): void {
    if (this.state !== 'driving') return;
    this.executions.set(index, execution);
    if (this.draining) return this.settleDown();
    execution
      .run(() => this.settleDown())
      .then(ready => ready && this.deliveries.add(ready))
      .catch((error: unknown) => this.fail(error));
  }

  private deliveryTarget(): DeliveryTarget {
    return {
      record: (ready, seq) => this.record(ready, seq),
      decode: (outcome, value, index) => this.decode(outcome, value, index),
      corrupt: error => this.fail(error),
      quiet: () => this.settleDown(),
    };
  }

  private record(ready: Ready, seq: number): void {
    this.executions.delete(ready.index);
    // Not awaited: the next thing that can be observed waits for it (LeaseWriter.barrier).
    void this.writes.entry({ ...ready, seq, dueInMs: null }).then(held => (this.progressed ||= held));
  }

  private decode(outcome: Outcome, value: string, index: number): unknown {
    if (outcome === 'ok') return this.env.codec.decode(value);
    const error = this.env.errors.decode(value);
    this.facts.recordedErrors.set(error, index);
    return error;
  }

  /** Nothing is on its way to user code: the attempt may be stuck, free to be released, or waiting for long. */
  private settleDown(): void {
    if (this.state !== 'driving' || this.deliveries.busy) return;
    if (this.replay.isReplaying) return this.watchStuck();
    const executions = [...this.executions.values()];
    if (executions.length === 0) return;
    if (this.draining && !executions.some(execution => execution.inBody)) return this.release();
    if (!executions.every(execution => execution.waiting)) return;
    const wait = Math.min(...executions.map(execution => execution.remainingMs));
    if (wait > RESIDENT_MS) this.decide({ status: 'backing_off', dueInMs: wait });
  }

  /** A recorded operation was removed from the code: the handler awaits what comes after it, for ever. */
  private watchStuck(): void {
    if (this.cancelStuck || this.deliveries.waiting === 0) return;
    const at = this.replay.delivered;
    this.cancelStuck = this.env.clock.after(STUCK_MS, () => {
      this.cancelStuck = undefined;
      const { next } = this.replay;
      if (!next || this.replay.delivered !== at) return this.settleDown();
      this.pause({ index: next.index, recorded: { kind: next.kind, name: next.name }, called: undefined });
    });
  }

  private fail(error: unknown): void {
    this.decide(concludeError(error, this.facts));
  }

  private pause(mismatch: Mismatch): void {
    const error = new JournalMismatchError(this.invocation.id, mismatch);
    this.decide({ status: 'paused', error: this.env.errors.encode(error) });
  }

  private decide(ending: Ending): void {
    if (this.state !== 'driving') return;
    const uncalled = ending.status === 'completed' ? this.replay.uncalled() : undefined;
    if (uncalled) return this.pause(uncalled);
    this.state = 'deciding';
    const undelivered = this.letGo();
    // A step that is through need not run again for what ended the attempt beside it.
    if (ending.status !== 'completed') {
      for (const ready of undelivered) void this.writes.entry({ ...ready, seq: null, dueInMs: null });
    }
    const transition: Transition = { ...NOTHING, ...ending, lease: this.claimed.lease };
    void this.writes.transition(transition).then(held => {
      if (this.state === 'over') return;
      this.state = 'over';
      this.finish(held ? transition : undefined);
    });
  }

  /** User code gets nothing more, and is told so through its signals. Outcomes that it did not get are returned. */
  private letGo(): readonly Ready[] {
    const reason = (): Error => new AttemptLostError(this.invocation.id);
    this.cancelStuck?.();
    this.cancelTimeout?.();
    const undelivered = this.deliveries.close();
    for (const execution of this.executions.values()) execution.stop(reason);
    this.executions.clear();
    this.lazy.abort(reason);
    return undelivered;
  }
}

/** How the invocation ended, if a transition ended it. */
export function settledBy({ lease, status, output, error }: Transition): Settled | undefined {
  return isTerminal(status) ? { id: lease.invocationId, status, output, error } : undefined;
}

/** A promise that user code may await for ever; it is garbage as soon as the attempt is. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
