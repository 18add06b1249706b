import type { CallSignature, JournalEntry, Outcome } from '../engine/entry.js';
import { type Mismatch, Replay } from '../engine/replay.js';
import {
  AttemptLostError,
  JournalMismatchError,
  JournalTooLongError,
  UnjournaledAwaitError,
} from '../errors/index.js';
import type { StepCall } from '../ports/steps.js';
import type { StateWrite } from '../ports/store.js';
import { Cancellation } from './cancellation.js';
import { Deliveries, type Ready } from './deliveries.js';
import type { AttemptEnvironment } from './environment.js';
import type { Execution, Place } from './execution.js';
import type { AttemptKit } from './kit.js';
import { RecordedErrors } from './recorded-errors.js';
import { Saga } from './saga.js';

/** What an attempt decides at its driver's word. */
export interface DriverEvents {
  /** Whether user code is given anything still. */
  isDriving(): boolean;
  mismatch(mismatch: Mismatch): void;
  fail(error: unknown): void;
  /** Whether something new may be started: not while the attempt is to be given back. */
  mayStart(): boolean;
  /** Something is being done again, after a wait. */
  busy(): void;
  /** Nothing is on its way to user code. */
  quiet(): void;
}

/** A durable operation that was called. */
export interface Operation {
  readonly index: number;
  /** What the journal had of it when it was called. */
  readonly entry: JournalEntry | undefined;
  readonly outcome: Promise<unknown>;
}

/** Takes the durable calls of an attempt: replays what the journal has of them, and executes what it has not. */
export class AttemptDriver {
  readonly executions = new Map<number, Execution>();
  readonly deliveries: Deliveries;
  readonly recordedErrors = new RecordedErrors();
  /** What is to be undone should the invocation end badly. */
  readonly saga: Saga;
  private readonly replay: Replay;
  private readonly cancellation: Cancellation;
  private withdrawn: Set<number> | undefined;
  private isWarned = false;

  constructor(
    private readonly invocation: { readonly id: string; readonly name: string },
    journal: readonly JournalEntry[],
    readonly kit: AttemptKit,
    /** Aborted when the attempt is over for another reason than its own end. */
    private readonly abortion: { readonly signal: AbortSignal },
    private readonly events: DriverEvents,
  ) {
    this.saga = new Saga(journal, kit);
    this.replay = new Replay(this.saga.program);
    const watch = kit.env.onUnjournaledAwait !== 'ignore';
    this.deliveries = new Deliveries(
      this.replay,
      {
        record: (ready, seq) => this.record(ready, seq),
        decode: (outcome, value, index) => this.decode(outcome, value, index),
        corrupt: error => this.events.fail(error),
        quiet: () => this.events.quiet(),
      },
      watch,
    );
    const isLive = (): boolean => events.isDriving() && !this.replay.isReplaying;
    this.cancellation = new Cancellation(this.executions, this.deliveries, kit, isLive);
    kit.arrivals.onCancel = signal => this.cancellation.ask(signal);
  }

  /** Durable calls made so far. */
  get calls(): number {
    return this.replay.called;
  }

  get signal(): AbortSignal {
    return this.abortion.signal;
  }

  /** The error of a request to end that is still to be given to user code. */
  get interruption(): string | undefined {
    return this.cancellation.pending;
  }

  /** Whether recorded deliveries are left. */
  get isReplaying(): boolean {
    return this.replay.isReplaying;
  }

  /** Whether the code does again what the journal knows it did. */
  get isRepeating(): boolean {
    return this.replay.isRepeating;
  }

  /** How many deliveries were made. */
  get delivered(): number {
    return this.replay.delivered;
  }

  /** The next recorded delivery, if any is left. */
  get next(): JournalEntry | undefined {
    return this.replay.next;
  }

  /** The first entry that the code did not call, once it is through. */
  uncalled(): Mismatch | undefined {
    return this.replay.uncalled();
  }

  /** Calls an operation: gives its recorded outcome, or executes it. */
  perform(signature: CallSignature, begin: (place: Place) => Execution): Operation {
    if (!this.takesCalls) return { index: -1, entry: undefined, outcome: never() };
    this.checkTurn(signature);
    const calledAfter = this.replay.delivered;
    const decision = this.replay.call(signature);
    if (decision.action === 'mismatch') {
      this.events.mismatch(decision.mismatch);
      return { index: decision.mismatch.index, entry: undefined, outcome: never() };
    }
    const { index } = decision;
    const entry = this.replay.entry(index);
    const outcome = this.deliveries.expect(index);
    // It is decided how the invocation ends: what the code was not given before it is not given now.
    if (this.saga.ending) return { index, entry, outcome };
    if (decision.action === 'deliver') this.deliveries.add(decision.settled);
    if (decision.action === 'execute') {
      if (!entry && this.isFull(index)) return { index, entry, outcome };
      const execution = begin({ index, calledAfter, open: decision.open });
      this.deliveries.afterReplay(() => this.execute(index, execution));
    }
    return { index, entry, outcome };
  }

  /**
   * Records what is given at the call itself; gives what was recorded. Of an attempt that is over it is given and not
   * recorded: nobody will know.
   */
  note(
    signature: { readonly kind: JournalEntry['kind']; readonly name: string },
    make: () => { readonly value: string; readonly state?: StateWrite },
  ): string {
    // First: a value that is refused takes no index, on replay either.
    const { value, state } = make();
    if (!this.takesCalls) return value;
    this.checkTurn(signature);
    const calledAfter = this.replay.delivered;
    const decision = this.replay.call(signature);
    if (decision.action === 'mismatch') {
      this.events.mismatch(decision.mismatch);
      throw new JournalMismatchError(this.invocation.id, decision.mismatch);
    }
    const { index } = decision;
    const given = this.replay.entry(index)?.value;
    if (given !== undefined && given !== null) return given;
    if (this.isFull(index)) throw this.tooLong();
    const rest = { outcome: 'ok', value, seq: null, tries: 0, dueInMs: null, durationMs: null } as const;
    this.kit.writes.note({ ...signature, index, calledAfter, ...rest, state });
    return value;
  }

  /** The code has called a step, which it may want undone. */
  step(call: StepCall, begin: (place: Place) => Execution): Operation {
    const calledAfter = this.replay.delivered;
    const marked = (place: Place): Execution => {
      // Before it is run, which waits for all that was written before.
      if (call.undo) this.saga.mark();
      return begin(place);
    };
    const operation = this.perform({ kind: 'step', name: call.name }, marked);
    if (this.events.isDriving()) this.saga.calls(operation.index, calledAfter, call);
    return operation;
  }

  /** The code has said how to undo something. */
  compensate(call: StepCall): void {
    // Also behind the last call: the saga knows how many there were.
    if (!this.events.isDriving()) return;
    this.saga.register(call);
    if (this.saga.ending) this.deliveries.tick();
  }

  /**
   * User code has turned away from an operation: its outcome is not given any more, and it is not executed.
   * @param error what user code got instead
   */
  withdraw(index: number, error?: Error): void {
    (this.withdrawn ??= new Set()).add(index);
    this.deliveries.withdraw(index);
    if (error) this.executions.get(index)?.giveUp?.(error);
    this.executions.get(index)?.stop(() => new AttemptLostError(this.invocation.id));
    this.executions.delete(index);
  }

  /** An error that follows from the journal: every replay would give it again. */
  recordedError(error: object, index: number): void {
    this.recordedErrors.add(error, index);
  }

  /** Gives nothing more to user code. Live outcomes that it did not get are returned. */
  close(reason: () => Error): readonly Ready[] {
    const undelivered = this.deliveries.close();
    for (const execution of this.executions.values()) execution.stop(reason);
    this.executions.clear();
    return undelivered;
  }

  private execute(index: number, execution: Execution): void {
    if (!this.events.isDriving() || this.withdrawn?.has(index)) return;
    this.executions.set(index, execution);
    if (!this.events.mayStart()) return this.events.quiet();
    if (this.cancellation.isPending && execution.settled) return this.cancellation.apply();
    if (execution.phase !== 'waiting') this.events.busy();
    const fail = (error: unknown): void => this.events.fail(error);
    execution.run().then(ready => this.settle(index, ready), fail);
  }

  private settle(index: number, ready: Ready | undefined): void {
    if (!ready || this.withdrawn?.has(index)) return;
    this.events.busy();
    this.deliveries.add(ready);
  }

  private record(ready: Ready, seq: number): void {
    this.executions.delete(ready.index);
    if (ready.signalId !== undefined) this.kit.arrivals.consumed(ready.signalId);
    // Not awaited: the next thing that can be observed waits for it (LeaseWriter.barrier).
    this.kit.writes.deliver(ready, seq);
  }

  private decode(outcome: Outcome, value: string, index: number): unknown {
    const { codec, errors } = this.kit.env;
    const decoded = outcome === 'ok' ? codec.decode(value) : errors.decode(value);
    if (outcome === 'error') this.recordedError(decoded as Error, index);
    this.saga.delivers(index, outcome, value, decoded);
    return decoded;
  }

  /** Whether what the code calls concerns anybody. */
  private get takesCalls(): boolean {
    return this.events.isDriving() && !this.saga.isPast(this.replay.called);
  }

  /** Whether the journal has no room for a new entry; then the invocation fails, whatever the code does about it. */
  private isFull(index: number): boolean {
    const { longestJournal, logger } = this.kit.env;
    const { id, name } = this.invocation;
    if (index === Math.ceil(longestJournal / 2)) {
      const half = `${index} durable operations, half of what limits.journal allows`;
      logger.warn(`${name} (invocation ${id}) has called ${half}. Every attempt reads them all.`);
    }
    if (index < longestJournal) return false;
    this.events.fail(this.tooLong());
    return true;
  }

  private tooLong(): JournalTooLongError {
    return new JournalTooLongError(this.invocation.id, this.kit.env.longestJournal);
  }

  private checkTurn({ kind, name = '' }: CallSignature): void {
    if (this.deliveries.inTurn || this.isWarned) return;
    this.isWarned = true;
    const { onUnjournaledAwait, logger }: AttemptEnvironment = this.kit.env;
    const error = new UnjournaledAwaitError(this.invocation.name, `${kind} ${name}`.trimEnd());
    if (onUnjournaledAwait === 'fail') this.events.fail(error);
    else logger.warn(error.stack ?? error.message);
  }
}

/** A promise that user code may await for ever; it is garbage as soon as the attempt is. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
