import { AsyncResource } from 'node:async_hooks';
import type { JournalEntry, Outcome } from '../engine/entry.js';
import { encodeSagaEnding, SAGA_INDEX, sagaJournal, type SagaEnding } from '../engine/saga.js';
import { AttemptLostError, CancelledError, DeadlineExceededError, TimeoutError } from '../errors/index.js';
import type { StepCall } from '../ports/steps.js';
import type { Ready } from './deliveries.js';
import type { Ending } from './ending.js';
import type { AttemptKit } from './kit.js';

/** Something that is to be undone should the invocation end badly. */
export interface Compensation {
  /** Where what the application keeps in async storages is as it was at the call. */
  readonly context: AsyncResource;
  readonly call: () => StepCall;
}

/** A step that was called and can be undone, and whose outcome the code was not given. */
interface Called {
  readonly calledAfter: number;
  readonly context: AsyncResource;
  readonly step: StepCall;
  readonly undo: (result: unknown) => StepCall;
}

/** An ending that is bad: what was done is to be undone. */
export type BadEnding = Ending & { readonly status: SagaEnding['status'] };

/** Whether an invocation that ends in this way is to undo what it did. */
export function isBad(ending: Ending): ending is BadEnding {
  return ending.status === 'failed' || ending.status === 'cancelled';
}

/** Whether a step that ended with this may have happened all the same. */
export function isInterruption(error: unknown): boolean {
  return [CancelledError, DeadlineExceededError, TimeoutError, AttemptLostError].some(
    kind => error instanceof kind,
  );
}

/**
 * What an invocation did and can undo, in the order in which it was done: a step when its outcome is given to the code,
 * a function when it is registered. So it is the same on every replay.
 */
export class Saga {
  /** What the code is to do again. */
  readonly program: readonly JournalEntry[];
  /** What of the undoing is recorded, by index. */
  readonly recorded: ReadonlyMap<number, JournalEntry>;
  private readonly late: readonly JournalEntry[];
  private isMarked: boolean;
  private end: SagaEnding | undefined;
  private readonly compensations: Compensation[] = [];
  private called: Map<number, Called> | undefined;

  constructor(
    journal: readonly JournalEntry[],
    private readonly kit: AttemptKit,
  ) {
    const parts = sagaJournal(journal);
    this.isMarked = parts.isMarked;
    this.end = parts.ending;
    this.program = parts.program;
    this.late = parts.late;
    this.recorded = parts.compensations;
  }

  /** Whether there may be something to undo. */
  get hasBegun(): boolean {
    return this.isMarked;
  }

  /** How the invocation ends, if that is decided: its code runs only to say how to undo what it did. */
  get ending(): SagaEnding | undefined {
    return this.end;
  }

  /** Whether a call is one that the code had not made when it was decided how the invocation ends. */
  isPast(index: number): boolean {
    return this.end !== undefined && index >= this.end.calls;
  }

  /** Whether the code has said all that it had said when it was decided how the invocation ends. */
  get isRestored(): boolean {
    const { registered = 0 } = this.end ?? {};
    return this.compensations.length >= registered && this.late.every(({ index }) => this.called?.has(index));
  }

  /** There may be something to undo from here on: before it is done, for who ends the invocation is to know. */
  mark(): void {
    if (this.isMarked) return;
    this.isMarked = true;
    this.write(null);
  }

  /** A step is called. */
  calls(index: number, calledAfter: number, step: StepCall): void {
    if (!step.undo || index < 0) return;
    this.mark();
    const context = new AsyncResource('durable compensation');
    (this.called ??= new Map()).set(index, { calledAfter, context, step, undo: step.undo });
  }

  /** The outcome of an operation is given to the code. */
  delivers(index: number, outcome: Outcome, value: string, decoded: unknown): void {
    const called = this.called?.get(index);
    if (!called) return;
    this.called?.delete(index);
    if (outcome === 'ok' || isInterruption(decoded)) this.add(this.undoing(called, outcome, value));
  }

  /** The code registers a function. */
  register(call: StepCall): void {
    this.mark();
    this.add({ context: new AsyncResource('durable compensation'), call: () => call });
  }

  /**
   * It is decided how the invocation ends. Recorded before anything is undone, so that it ends in this way whatever the
   * code does on a replay. Steps that can be undone and are on their way have happened, or may have.
   *
   * @param undelivered outcomes that the code was not given
   * @returns whether there is anything to undo
   */
  conclude(
    { status, error = null, failedEntry = null, failedAttempt = false }: BadEnding,
    code: { readonly calls: number; readonly delivered: number },
    undelivered: readonly Ready[],
  ): boolean {
    const registered = this.compensations.length;
    const late = this.interrupt(undelivered);
    const lateOnes = new Set(late.map(({ index }) => index));
    const others = undelivered.filter(
      ({ index, signalId }) => signalId === undefined && !lateOnes.has(index),
    );
    for (const ready of others) this.kit.writes.note({ ...ready, seq: null, dueInMs: null });
    if (this.compensations.length === 0) return false;
    this.end = { status, error, failedEntry, failedAttempt, ...code, registered };
    // First: without them, what they say would be lost by a crash in between.
    for (const [at, ready] of late.entries()) {
      this.kit.writes.note({ ...ready, seq: code.delivered + at, dueInMs: null });
    }
    this.write(null);
    return true;
  }

  /** What is to be undone, the last first. The code says nothing more. */
  plan(): readonly Compensation[] {
    for (const { index, outcome, value } of this.late) {
      const called = this.called?.get(index);
      if (called) this.compensations.push(this.undoing(called, outcome ?? 'error', value ?? ''));
    }
    return this.compensations.toReversed();
  }

  /** All is undone. */
  settle(): void {
    this.write('ok');
  }

  private add(compensation: Compensation): void {
    // On a replay the code may be faster, or slower, to go on than it was: it counts what it had said.
    if (this.end && this.compensations.length >= this.end.registered) return;
    this.compensations.push(compensation);
  }

  private undoing({ context, undo }: Called, outcome: Outcome, value: string): Compensation {
    const { codec } = this.kit.env;
    return { context, call: () => undo(outcome === 'ok' ? codec.decode(value) : undefined) };
  }

  /** Outcomes of steps that can be undone and whose outcome the code was not given, in call order. */
  private interrupt(undelivered: readonly Ready[]): Ready[] {
    const interrupted: Ready[] = [];
    for (const [index, called] of this.called ?? []) {
      const known = undelivered.find(ready => ready.index === index);
      const hasFailed =
        known?.outcome === 'error' && !isInterruption(this.kit.env.errors.decode(known.value));
      if (hasFailed) continue;
      const ready = known ?? this.lost(index, called);
      interrupted.push(ready);
      this.compensations.push(this.undoing(called, ready.outcome, ready.value));
    }
    return interrupted;
  }

  private lost(index: number, { calledAfter, step: { name } }: Called): Ready {
    const error = new AttemptLostError(this.kit.writes.lease.invocationId);
    const value = this.kit.env.errors.encode(error);
    return { kind: 'step', name, index, calledAfter, outcome: 'error', value, tries: 0, durationMs: null };
  }

  private write(outcome: 'ok' | null): void {
    const value = this.end ? encodeSagaEnding(this.end) : null;
    const rest = { calledAfter: 0, seq: null, tries: 0, dueInMs: null, durationMs: null };
    this.kit.writes.note({ kind: 'saga', name: '', index: SAGA_INDEX, outcome, value, ...rest });
  }
}
