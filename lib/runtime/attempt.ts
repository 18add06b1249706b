import { shownSignature } from '../engine/entry.js';
import type { Mismatch } from '../engine/replay.js';
import { readInput } from '../engine/scheduled-input.js';
import { AttemptLostError, CancelledError, JournalMismatchError, TimeoutError } from '../errors/index.js';
import type { InvocationView } from '../ports/attempt-view.js';
import type { Cancel } from '../ports/clock.js';
import type { HandlerDefinition } from '../ports/handlers.js';
import type { Claimed, Inbox, Transition } from '../ports/store.js';
import { Arrivals } from './arrivals.js';
import { AttemptDriver, type DriverEvents } from './attempt-driver.js';
import { AttemptScope } from './attempt-scope.js';
import type { Ready } from './deliveries.js';
import { concludeError, concludeValue, type Ending, type EndingFacts } from './ending.js';
import type { AttemptEnvironment } from './environment.js';
import type { Settlement } from './execution.js';
import { AttemptKit } from './kit.js';
import { LazySignal } from './lazy-signal.js';
import { promised } from './promised.js';
import { writeLast } from './last-write.js';
import { LeaseWriter } from './lease-writer.js';
import { type Note, ObjectState } from './object-state.js';
import type { Restored } from './restore.js';
import { isBad } from './saga.js';
import { runInScope, runOutside } from './scope.js';
import { StepExecution } from './step-execution.js';
import { Undoing, type UndoingAttempt } from './undoing.js';

/** What an attempt left behind, for its worker: `undefined` if its lease was over. */
export type AttemptEnd = Transition | undefined;

/** How long replay waits for a recorded operation to be called while the handler awaits another one. */
const STUCK_MS = 5_000;

/**
 * One process driving one invocation under one lease.
 *
 * It is *driving* until something decides where the invocation goes: the handler's end, a timeout, a mismatch, a
 * wait that is too long to stay for, a release. The first decision wins; it is *over* once that is written, or
 * once the lease is lost. From the decision on, user code gets nothing more: what it awaits never settles.
 */
export class Attempt {
  /** The attempt, as the code that it runs sees it. */
  readonly scope: AttemptScope;
  /** Called when it begins to do nothing but wait, if only for its last commit, and when that is over. */
  onWaiting: (isWaiting: boolean) => void = () => undefined;
  /** Called when it is over. */
  onEnd: (end: AttemptEnd) => void = () => undefined;

  private readonly driver: AttemptDriver;
  private readonly arrivals: Arrivals;
  private readonly writes: LeaseWriter;
  private readonly abortion = new LazySignal();
  private readonly facts: EndingFacts;
  private state: 'driving' | 'undoing' | 'deciding' | 'over' = 'driving';
  private readonly undoing: Undoing;
  private concluding = false;
  private draining = false;
  private waits = false;
  private cancelStuck: Cancel | undefined;
  private cancelTimeout: Cancel | undefined;
  private cancelResidence: Cancel | undefined;

  constructor(
    private readonly claimed: Claimed,
    restored: Restored,
    private readonly definition: HandlerDefinition,
    private readonly env: AttemptEnvironment,
  ) {
    const { lease, wakes } = claimed;
    const { writer, acceptor, codec, errors } = env;
    const lose = (): void => this.lose();
    this.writes = new LeaseWriter(lease, writer, acceptor, lose, error => this.fail(error));
    this.arrivals = new Arrivals(wakes);
    const mayHold = claimed.object !== null || claimed.parent !== null;
    const [onWait, onGo] = [(): void => this.settleDown(), (): void => this.setWaiting(false)];
    const kit = new AttemptKit(env, this.writes, this.arrivals, mayHold, onWait, onGo);
    const invocation = { id: lease.invocationId, name: `${claimed.service}.${claimed.handler}` };
    this.driver = new AttemptDriver(invocation, restored.journal, kit, this.abortion, this.driverEvents());
    const { recordedErrors } = this.driver;
    this.facts = { claimed, retry: definition.retry, recordedErrors, codec, errors };
    this.scope = this.scopeOf(restored.state, invocation.name);
    this.undoing = new Undoing(this.driver, () => this.scope, this.undoingAttempt());
    if (restored.inbox) this.arrivals.fill(restored.inbox);
  }

  /** Whether it has recorded an outcome that was not there before. */
  get hasProgressed(): boolean {
    return this.writes.hasDelivered;
  }

  /** Whether user code may be given anything still. */
  get isDriving(): boolean {
    return this.state === 'driving' && !this.concluding;
  }

  /** Whether nothing happens until time passes, or something arrives; in a replay also if the code has left its journal. */
  get rests(): boolean {
    return (this.waits && this.state !== 'deciding') || this.cancelStuck !== undefined;
  }

  /** How many arrivals it knows of. */
  get wakes(): number {
    return this.arrivals.known;
  }

  /** Starts the handler. */
  start(): void {
    const { timeoutMs, service, handler } = this.definition;
    if (timeoutMs !== undefined && !this.undoing.isDecided) {
      const expire = (): void => this.fail(new TimeoutError(`handler ${service}.${handler}`, timeoutMs));
      this.cancelTimeout = this.env.clock.after(timeoutMs, expire);
    }
    const body = (): unknown => {
      const { args, slot } = readInput(this.env.codec.decode(this.claimed.input));
      if (slot) this.scope.startedFor(slot);
      return this.definition.invoke(this.scope, args);
    };
    const scope = { attempt: this.scope, step: undefined };
    runOutside(() => runInScope(scope, () => promised(body))).then(
      value => this.state === 'driving' && this.conclude(value),
      (error: unknown) => this.state === 'driving' && this.fail(error),
    );
  }

  /** Takes what has arrived from outside. */
  receive(inbox: Inbox): void {
    if (inbox.epoch !== this.claimed.lease.epoch) return this.lose();
    if (this.state === 'driving') this.arrivals.fill(inbox);
  }

  /** Takes the outcome of a call that this process knows before the store is asked. */
  answered(index: number, settlement: Settlement): void {
    const isAwaited = this.driver.executions.has(index);
    if (this.state === 'driving') this.arrivals.arrive(index, settlement, isAwaited);
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

  /**
   * Lets go of its memory if it does nothing but wait; what it waits for wakes the invocation.
   *
   * In the next turn of the event loop: what has arrived in this one is on its way to user code by then, and what
   * arrives later is more than the attempt knows of. A request to end is known, and takes effect later: it is waited for.
   */
  suspend(): void {
    setImmediate(() => {
      const { deliveries, interruption } = this.driver;
      const isQuiet = this.state === 'driving' && !deliveries.busy && interruption === undefined;
      if ((isQuiet || this.state === 'undoing') && this.waits) this.suspendNow();
    });
  }

  /** The lease is over: stops at once and writes nothing more. */
  lose(): void {
    if (this.state === 'over') return;
    this.letGo();
    this.end(undefined);
  }

  private scopeOf(state: ReadonlyMap<string, string>, name: string): AttemptScope {
    const { lease, service, handler, createdAt, object, parent, failedAttempts, deaths } = this.claimed;
    const { kind } = this.definition;
    const invocation: InvocationView = {
      id: lease.invocationId,
      service,
      handler,
      createdAt,
      ...(object && { key: object.key }),
      ...(parent && { parentId: parent.invocationId }),
    };
    const note: Note = (what, make) => this.driver.note({ kind: 'state', name: what }, make);
    const objectState =
      object && kind !== 'service'
        ? new ObjectState(object, kind, name, state, note, this.env.codec)
        : undefined;
    const seed = this.claimed.seed ?? lease.invocationId;
    const careful = deaths > 0;
    return new AttemptScope(this.driver, invocation, failedAttempts + 1, objectState, careful, seed);
  }

  private driverEvents(): DriverEvents {
    return {
      isDriving: () => this.isDriving,
      mismatch: mismatch => this.pause(mismatch),
      fail: error => this.fail(error),
      mayStart: () => !this.draining && !this.undoing.isHeld,
      busy: () => this.setWaiting(false),
      quiet: () => this.settleDown(),
    };
  }

  private undoingAttempt(): UndoingAttempt {
    return {
      letGo: () => this.letGo(),
      begin: () => (this.state = 'undoing'),
      end: ending => this.decide(ending),
      pause: error => this.pauseWith(error),
      release: () => this.release(),
      isDraining: () => this.draining,
      busy: () => this.setWaiting(false),
    };
  }

  /** Nothing is on its way to user code: the attempt may be stuck, free to be released, or waiting. */
  private settleDown(): void {
    const { driver } = this;
    if (this.state === 'driving') {
      if (driver.deliveries.busy) return;
      if (this.undoing.quiet()) return;
      if (driver.isReplaying) return this.watchStuck();
    } else if (this.state !== 'undoing') return;
    const { executions } = driver;
    if (executions.size === 0) return;
    const waits = every(executions.values(), ({ phase }) => phase === 'waiting');
    this.setWaiting(waits);
    if (this.draining && waits) this.suspend();
    else if (this.draining && every(executions.values(), ({ phase }) => phase !== 'body')) this.release();
    else if (waits) this.reside([...executions.values()].map(({ remainingMs }) => remainingMs));
  }

  private suspendNow(): void {
    const executions = [...this.driver.executions.values()];
    const remaining = Math.min(...executions.map(execution => execution.remainingMs));
    const isBackingOff = executions.every(execution => execution instanceof StepExecution);
    const dueInMs = remaining === Infinity ? null : remaining;
    this.decide({ status: isBackingOff ? 'backing_off' : 'suspended', dueInMs });
  }

  /** Stays for a while for what may come at any time, and not at all for times that are known to be longer. */
  private reside(remaining: readonly number[]): void {
    const { residentMs } = this.env;
    if (Math.min(...remaining) <= residentMs && residentMs > 0) return;
    if (!remaining.includes(Infinity)) return this.suspend();
    this.cancelResidence ??= this.env.clock.after(residentMs, () => {
      this.cancelResidence = undefined;
      this.suspend();
    });
  }

  private setWaiting(waits: boolean): void {
    if (!waits) {
      this.cancelResidence?.();
      this.cancelResidence = undefined;
    }
    if (this.waits === waits) return;
    this.waits = waits;
    this.onWaiting(waits);
  }

  /** A recorded operation was removed from the code: the handler awaits what comes after it, for ever. */
  private watchStuck(): void {
    if (this.cancelStuck || this.driver.deliveries.waiting === 0) return;
    const at = this.driver.delivered;
    this.cancelStuck = this.env.clock.after(STUCK_MS, () => {
      this.cancelStuck = undefined;
      const { next } = this.driver;
      if (!next || this.driver.delivered !== at) return this.settleDown();
      this.pause({ index: next.index, recorded: shownSignature(next), called: undefined });
    });
  }

  /** The handler returned: nothing more is given to it. What it has sent without waiting for it is sent all the same. */
  private conclude(value: unknown): void {
    if (this.undoing.isDecided) return this.undoing.codeEnds({});
    const ending = concludeValue(value, this.facts);
    const sending = this.state === 'driving' && !this.driver.isReplaying ? this.scope.sending() : undefined;
    if (!sending) return this.decide(ending);
    this.concluding = true;
    this.driver.deliveries.close();
    void sending.then(() => this.decide(ending));
  }

  private fail(error: unknown): void {
    if (this.state === 'undoing') return this.undoing.fail('what it did', error);
    if (this.undoing.isDecided) return this.undoing.codeEnds({ error });
    const ending = concludeError(error, this.facts);
    // Nobody waits to be asked to end who fails again and again without a wait.
    this.decide(ending.status === 'backing_off' ? (this.interrupted() ?? ending) : ending);
  }

  /** Where it goes if it was asked to end, and nothing could be rejected. */
  private interrupted(): Ending | undefined {
    const { interruption: error } = this.driver;
    if (error === undefined) return undefined;
    const isCancelled = this.env.errors.decode(error) instanceof CancelledError;
    return { status: isCancelled ? 'cancelled' : 'failed', error };
  }

  private pause(mismatch: Mismatch): void {
    this.pauseWith(new JournalMismatchError(this.claimed.lease.invocationId, mismatch));
  }

  private pauseWith(error: Error): void {
    this.decide({ status: 'paused', error: this.env.errors.encode(error) });
  }

  private decide(ending: Ending): void {
    if (this.state === 'driving' && this.driver.saga.hasBegun && isBad(ending))
      return this.undoing.hold(ending);
    if (this.state !== 'driving' && this.state !== 'undoing') return;
    const uncalled = ending.status === 'completed' ? this.driver.uncalled() : undefined;
    if (uncalled) return this.pause(uncalled);
    this.state = 'deciding';
    const undelivered = this.letGo();
    this.setWaiting(true);
    // A step that is through need not run again for what ended the attempt beside it. A signal stays in the inbox.
    if (ending.status !== 'completed') {
      for (const ready of undelivered) {
        if (ready.signalId === undefined) this.writes.note({ ...ready, seq: null, dueInMs: null });
      }
    }
    const holds = this.definition.kind === 'exclusive' ? (this.claimed.object?.id ?? null) : null;
    const known = { wakes: this.wakes, holds };
    const facts = { claimed: this.claimed, known, hasToUndo: this.driver.saga.hasBegun };
    void writeLast(ending, facts, this.writes, this.env).then(end => this.end(end));
  }

  private end(end: AttemptEnd): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.onEnd(end);
  }

  /** User code gets nothing more, and is told so through its signals. Outcomes that it did not get are returned. */
  private letGo(): readonly Ready[] {
    const reason = (): Error => new AttemptLostError(this.claimed.lease.invocationId);
    this.cancelStuck?.();
    this.undoing.stop();
    this.cancelTimeout?.();
    this.setWaiting(false);
    const undelivered = this.driver.close(reason);
    this.abortion.abort(reason);
    return undelivered;
  }
}

/** Without a copy: it is asked after each delivery. */
function every<T>(all: Iterable<T>, is: (one: T) => boolean): boolean {
  for (const one of all) if (!is(one)) return false;
  return true;
}
