import { v4 } from 'uuid';
import { awakeableId } from '../codec/awakeable-id.js';
import { NoObjectError, WaitTimeoutError } from '../errors/index.js';
import type { ScheduledSlot } from '../engine/scheduled-input.js';
import type { AttemptView, InvocationView } from '../ports/attempt-view.js';
import type { Events, Publication, Published } from '../ports/events.js';
import type { ChildCall, DurableOperations, StateOperations, Targets } from '../ports/operations.js';
import type { StepCall, StepCalls } from '../ports/steps.js';
import type { Moment } from '../ports/store.js';
import { AttachExecution } from './attach-execution.js';
import type { AttemptDriver, Operation } from './attempt-driver.js';
import { AwakeableExecution } from './awakeable-execution.js';
import { CallExecution } from './call-execution.js';
import { childName } from './child.js';
import type { Place } from './execution.js';
import type { OneWayExecution } from './one-way-execution.js';
import { PublishExecution } from './publish-execution.js';
import { SendExecution } from './send-execution.js';
import { SignalExecution } from './signal-execution.js';
import { Sources } from './sources.js';
import { StepExecution } from './step-execution.js';
import { TimerExecution } from './timer-execution.js';

/** An attempt, as the code that it runs sees it. */
export class AttemptScope implements AttemptView, DurableOperations {
  private readonly sources: Sources;
  private sends: Set<OneWayExecution> | undefined;

  constructor(
    private readonly driver: AttemptDriver,
    public invocation: InvocationView,
    readonly attempt: number,
    private readonly objectState: StateOperations | undefined,
    /** Whether to record that steps start. */
    readonly careful: boolean,
    /** Whose random numbers it has. */
    seed: string,
  ) {
    this.sources = new Sources(seed, () => driver.calls);
  }

  /** A schedule has started it: what runs may know for which slot. */
  startedFor({ schedule, scheduledFor }: ScheduledSlot): void {
    this.invocation = { ...this.invocation, schedule, scheduledFor: new Date(scheduledFor) };
  }

  get isReplaying(): boolean {
    return this.driver.isRepeating;
  }

  get signal(): AbortSignal {
    return this.driver.signal;
  }

  get steps(): StepCalls {
    return this.driver.kit.env.steps;
  }

  get targets(): Targets {
    return this.driver.kit.env.targets;
  }

  get events(): Events {
    return this.driver.kit.env.events;
  }

  step(call: StepCall): Promise<unknown> {
    const { kit } = this.driver;
    const { careful } = this;
    const begin = ({ index, calledAfter, open }: Place): StepExecution =>
      new StepExecution(call, { index, calledAfter, open, careful, kind: 'step' }, this, kit);
    return this.driver.step(call, begin).outcome;
  }

  compensate(call: StepCall): void {
    this.driver.compensate(call);
  }

  sleep(time: Moment): Promise<void> {
    return this.timer(time, '').outcome as Promise<void>;
  }

  call(child: ChildCall, timeoutMs?: number): Promise<unknown> {
    if (child.idempotencyKey !== undefined) {
      // Others may ask for it under the same key: it answers nobody by itself.
      return handled(this.send(child).then(id => this.attach(id, timeoutMs)));
    }
    const { kit } = this.driver;
    const name = childName(child);
    const called = this.driver.perform({ kind: 'call', name }, place => new CallExecution(child, place, kit));
    return this.within(called, `call ${name}`, timeoutMs);
  }

  send(child: ChildCall): Promise<string> {
    const { kit } = this.driver;
    const signature = { kind: 'send', name: childName(child) } as const;
    const sent = this.driver.perform(signature, place => this.sent(new SendExecution(child, place, kit)));
    return sent.outcome as Promise<string>;
  }

  publish(event: Publication): Promise<Published> {
    const { kit } = this.driver;
    const signature = { kind: 'publish', name: event.name } as const;
    const sent = this.driver.perform(signature, place => this.sent(new PublishExecution(event, place, kit)));
    return sent.outcome as Promise<Published>;
  }

  /** Sends what waits to be sent; resolves once all of it is on its way to the store. `undefined`: there is nothing. */
  sending(): Promise<unknown> | undefined {
    const sends = [...(this.sends ?? [])];
    return sends.length === 0 ? undefined : Promise.all(sends.map(send => send.run()));
  }

  attach(id: string, timeoutMs?: number): Promise<unknown> {
    const { kit } = this.driver;
    const signature = { kind: 'attach', name: id } as const;
    const attached = this.driver.perform(signature, place => new AttachExecution(signature, place, kit));
    return this.within(attached, `invocation ${id}`, timeoutMs);
  }

  awakeable(timeoutMs?: number): { readonly id: string; readonly promise: Promise<unknown> } {
    const { kit } = this.driver;
    let token = '';
    const begin = (place: ConstructorParameters<typeof AwakeableExecution>[0]): AwakeableExecution => {
      const execution = new AwakeableExecution(place, kit);
      token = execution.token;
      return execution;
    };
    const awaited = this.driver.perform({ kind: 'awakeable' }, begin);
    const entry = { invocationId: this.invocation.id, index: awaited.index };
    const id = awakeableId(kit.env.scope, entry, awaited.entry?.name ?? token);
    return { id, promise: this.within(awaited, 'awakeable', timeoutMs) };
  }

  awaitSignal(name: string, timeoutMs?: number): Promise<unknown> {
    const { kit } = this.driver;
    const signature = { kind: 'signal', name } as const;
    const awaited = this.driver.perform(signature, place => new SignalExecution(signature, place, kit));
    return this.within(awaited, `signal ${name}`, timeoutMs);
  }

  set(name: string, value: unknown): void {
    const { codec } = this.driver.kit.env;
    this.driver.note({ kind: 'set', name }, () => ({ value: codec.encode(value) }));
  }

  now(): Date {
    const { codec, clock } = this.driver.kit.env;
    const make = (): { value: string } => ({ value: codec.encode(clock.now()) });
    return new Date(codec.decode(this.driver.note({ kind: 'now', name: '' }, make)) as number);
  }

  random(): number {
    return this.sources.random();
  }

  uuid(): string {
    return v4({ random: this.sources.bytes() });
  }

  state(what: string): StateOperations {
    if (this.objectState) return this.objectState;
    const { service, handler } = this.invocation;
    throw new NoObjectError(what, `${service}.${handler}`);
  }

  /** Remembers what is to be sent, until it is on its way. */
  private sent(execution: OneWayExecution): OneWayExecution {
    const sends = (this.sends ??= new Set());
    sends.add(execution);
    void execution.done.then(() => sends.delete(execution));
    return execution;
  }

  private timer(time: Moment, name: string): Operation {
    const { kit } = this.driver;
    return this.driver.perform({ kind: 'sleep', name }, place => new TimerExecution(time, name, place, kit));
  }

  /** The outcome of an operation, or a timeout: whichever is delivered first, on every replay. */
  private within(operation: Operation, what: string, timeoutMs: number | undefined): Promise<unknown> {
    if (timeoutMs === undefined) return operation.outcome;
    const timer = this.timer({ ms: timeoutMs }, `timeout of ${what}`);
    const done = (): void => this.driver.withdraw(timer.index);
    operation.outcome.then(done, done);
    const expired = timer.outcome.then(() => {
      const error = new WaitTimeoutError(what, timeoutMs);
      this.driver.withdraw(operation.index, error);
      this.driver.recordedError(error, timer.index);
      throw error;
    });
    const winner = Promise.race([operation.outcome, expired]);
    expired.catch(() => undefined);
    return handled(winner);
  }
}

/** A promise whose rejection is the handler's business: that nobody awaits it must never end the process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
