import { Inject, Injectable, Optional } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { validate as isUuid } from 'uuid';
import type { EventData } from '../client/event-data.js';
import { methodProxy, type Calls, type ServiceClass } from '../client/typed-calls.js';
import type { EventClass } from '../decorators/metadata.js';
import { InvocationNotFoundError, NoObjectError } from '../errors/index.js';
import { invalid } from '../options/check.js';
import { resolveCompensation } from '../options/compensate-options.js';
import { type InlineStepOptions, validateInlineOptions } from '../options/decorator-options.js';
import { type Duration, parseDuration } from '../options/duration.js';
import type { PublishOptions } from '../options/event-options.js';
import type { ExecutionOptions } from '../options/execution-options.js';
import { assertName } from '../options/names.js';
import {
  checkDate,
  resolveCallOptions,
  resolveSendOptions,
  type CallOptions,
  type SendOptions,
} from '../options/send-options.js';
import { resolveWait, type WaitOptions } from '../options/wait-options.js';
import { DURABLE_TEST_SEAM } from '../options/tokens.js';
import type { Published } from '../ports/events.js';
import type { InvocationView, StepView } from '../ports/attempt-view.js';
import { checkNested, currentScope, type Scope } from '../runtime/scope.js';
import type { TestSeam } from '../runtime/test-seam.js';
import { childCall } from './child-calls.js';
import type { Awakeable, ChildHandle, ChildSends } from './child-handle.js';
import { attemptFor, scopeFor } from './scoped.js';

const NO_OPTIONS: InlineStepOptions = {};
const NEVER_ABORTED = new AbortController().signal;

/**
 * The invocation in progress, and what its handler may wait for, injectable anywhere.
 *
 * A singleton: it knows what the running code belongs to. What it is given is checked at the call: it throws before
 * anything is done, and does not reject.
 *
 * Outside an invocation, as in a unit test, {@link run} just runs its function, {@link now}, {@link random} and
 * {@link uuid} are the plain ones, and all else throws `NoInvocationError`. Within a step it is the same, but for
 * an `InsideStepError`; what only tells of the invocation is there.
 */
@Injectable()
export class DurableContext {
  constructor(@Optional() @Inject(DURABLE_TEST_SEAM) private readonly test?: Pick<TestSeam, 'clock'>) {}

  /** Whether the running code belongs to an invocation. */
  get isActive(): boolean {
    return currentScope() !== undefined;
  }

  /** @throws NoInvocationError (DURABLE_NO_INVOCATION) outside an invocation */
  get invocation(): InvocationView {
    return scopeFor('DurableContext.invocation').attempt.invocation;
  }

  /**
   * Key of the virtual object that the handler belongs to.
   * @throws NoObjectError (DURABLE_NO_OBJECT) in a handler of a plain service
   */
  get key(): string {
    const { service, handler, key } = scopeFor('DurableContext.key').attempt.invocation;
    if (key === undefined) throw new NoObjectError('DurableContext.key', `${service}.${handler}`);
    return key;
  }

  /** Number of the attempt, from 1: failed attempts before it, plus one. Crashes do not count. */
  get attempt(): number {
    return scopeFor('DurableContext.attempt').attempt.attempt;
  }

  /** Whether the handler is given recorded outcomes still: what it says now it said before. */
  get isReplaying(): boolean {
    return scopeFor('DurableContext.isReplaying').attempt.isReplaying;
  }

  /**
   * Within a step: aborted when its timeout is over, or its attempt. Within a handler: when its attempt is over
   * before its end. Pass it to `fetch` and the like. Outside an invocation: never.
   */
  get abortSignal(): AbortSignal {
    const scope = currentScope();
    return scope ? (scope.step ?? scope.attempt).signal : NEVER_ABORTED;
  }

  /**
   * The step in progress; `undefined` in the handler itself, and outside an invocation. Its `idempotencyKey` is the
   * same for every try.
   */
  get step(): StepView | undefined {
    return currentScope()?.step;
  }

  /**
   * Runs a function as a step: its result is recorded under `name`, and a replay gets it without running it again.
   *
   * Outside an invocation, and within another step, the function is just called.
   *
   * @param name recorded with the result; the same call has the same name on every replay
   * @param options `retry` and `timeout` of one try, the module's step defaults without them; `transaction` as of `@Step()`
   * @throws InvalidNameError (DURABLE_INVALID_NAME)
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
   */
  run<T>(name: string, body: () => T | Promise<T>, options: InlineStepOptions = NO_OPTIONS): Promise<T> {
    assertName('step', name, 'DurableContext.run()');
    if (options !== NO_OPTIONS) validateInlineOptions(options, `DurableContext.run('${name}')`);
    const scope = currentScope();
    if (scope?.step) checkNested(options, name, scope.step);
    // Within an invocation the promise is the deliverer's own: its rejection never goes unhandled.
    if (!scope || scope.step) return Promise.resolve().then(body);
    return scope.attempt.step(scope.attempt.steps.inline(name, body, options)) as Promise<T>;
  }

  /**
   * Says how to undo what the handler did, or is about to do: should the invocation end badly (it fails, or is
   * cancelled), `undo` is run after the handler's end. What was registered last is undone first; steps with `compensate`
   * are in the same order. Register before what is to be undone, if that may happen without an answer.
   *
   * Outside an invocation it does nothing.
   *
   * @param name recorded when it is run; the same call has the same name on every replay
   * @param undo runs at least once, as a step does: {@link step} has its `idempotencyKey`
   * @param options `retry` (10 tries by default) and `timeout` of one try
   * @throws InvalidNameError (DURABLE_INVALID_NAME)
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
   * @throws InsideStepError (DURABLE_INSIDE_STEP) within a step
   */
  compensate(name: string, undo: () => unknown, options: ExecutionOptions = NO_OPTIONS): void {
    assertName('compensation', name, 'DurableContext.compensate()');
    const where = `DurableContext.compensate('${name}'): `;
    if (typeof undo !== 'function') throw invalid(`${where}undo`, undo, 'a function');
    if (options !== NO_OPTIONS) resolveCompensation(options, where);
    if (!currentScope()) return;
    const attempt = attemptFor('DurableContext.compensate');
    attempt.compensate(attempt.steps.compensation(name, undo, options));
  }

  /**
   * Waits for a time, however long: the invocation needs no process meanwhile. Never early by the database's clock.
   * @throws InvalidDurationError (DURABLE_INVALID_DURATION)
   */
  sleep(duration: Duration): Promise<void> {
    const ms = parseDuration(duration, 'DurableContext.sleep()');
    return attemptFor('DurableContext.sleep').sleep({ ms });
  }

  /**
   * Waits until a date, by the database's clock; not at all if it is past.
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION) unless it is a valid date
   */
  sleepUntil(date: Date): Promise<void> {
    const at = checkDate(date, 'DurableContext.sleepUntil()');
    return attemptFor('DurableContext.sleepUntil').sleep({ at });
  }

  /**
   * Calls another handler durably and waits for its result: `await durable.call(Warehouse, { key }).reserve(order)`.
   * The call has an invocation of its own, accepted once, which goes on whatever becomes of this one.
   *
   * @param options `key` of a virtual object; `timeout`: how long to wait; `idempotencyKey`, `delay`, `at`
   * @throws what the handler failed with, as an error of the same class where that is known
   * @throws WaitTimeoutError (DURABLE_WAIT_TIMEOUT) when the `timeout` is over
   * @throws ObjectKeyError (DURABLE_OBJECT_KEY), NotRegisteredError, NotAHandlerError
   */
  call<T>(service: ServiceClass<T>, options: CallOptions = {}): Calls<T> {
    const resolved = resolveCallOptions(options, 'DurableContext.call()');
    attemptFor('DurableContext.call');
    return methodProxy((method, args) => {
      const attempt = attemptFor('DurableContext.call');
      return attempt.call(childCall(attempt.targets, service, method, args, resolved), resolved.timeoutMs);
    });
  }

  /**
   * Sends to another handler, one way: resolves to a handle once that invocation is accepted.
   *
   * @param options `key` of a virtual object; `delay` or `at`: not before then; `idempotencyKey`
   * @throws ObjectKeyError (DURABLE_OBJECT_KEY), NotRegisteredError, NotAHandlerError
   * @throws IdempotencyConflictError (DURABLE_IDEMPOTENCY_CONFLICT) if the key belongs to another input
   */
  send<T>(service: ServiceClass<T>, options: SendOptions = {}): ChildSends<T> {
    const resolved = resolveSendOptions(options, 'DurableContext.send()');
    attemptFor('DurableContext.send');
    return methodProxy((method, args) => {
      const attempt = attemptFor('DurableContext.send');
      const sent = attempt.send(childCall(attempt.targets, service, method, args, resolved));
      const handle = sent.then(id => this.handle(id));
      // Nobody may ever await it, and it is no more than what it was made of.
      handle.catch(() => undefined);
      return handle;
    });
  }

  /**
   * Publishes an event, as `DurableClient.publish` does: a replay publishes it no second time.
   *
   * @param type class of the event, with what is in it; or the event alone, an instance of its class
   * @param options `id`: published again under the same id, each handler has it once
   * @throws InvalidEventError (DURABLE_INVALID_EVENT) if it breaks the rules of its class: rejects
   * @throws UnknownEventError (DURABLE_UNKNOWN_EVENT) if no `@DurableEvent()` class describes it
   * @throws IdempotencyConflictError (DURABLE_IDEMPOTENCY_CONFLICT) if another event of its name has the id: rejects
   */
  publish<E extends object>(
    type: EventClass<E>,
    data: EventData<E>,
    options?: PublishOptions,
  ): Promise<Published>;
  publish(event: object, options?: PublishOptions): Promise<Published>;
  publish(...args: unknown[]): Promise<Published> {
    const attempt = attemptFor('DurableContext.publish');
    const published = attempt.publish(attempt.events.publication(args, 'DurableContext.publish()'));
    // Nobody may ever await it.
    published.catch(() => undefined);
    return published;
  }

  /**
   * Waits for the result of an invocation that exists already.
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws what its handler failed with; WaitTimeoutError (DURABLE_WAIT_TIMEOUT) when the time is over
   */
  attach<T = unknown>(id: string, options?: WaitOptions): Promise<T> {
    const timeoutMs = resolveWait(options, 'DurableContext.attach()');
    if (!isUuid(id)) throw new InvocationNotFoundError(typeof id === 'string' ? id : typeof id);
    return attemptFor('DurableContext.attach').attach(id.toLowerCase(), timeoutMs) as Promise<T>;
  }

  /**
   * Makes a promise that is settled from outside: give its `id` away, then await its `promise`. The first of
   * `DurableClient.resolveAwakeable` and `rejectAwakeable` counts.
   *
   * @example
   * ```ts
   * const { id, promise } = this.durable.awakeable<Approval>({ timeout: '3d' });
   * await this.mails.askForApproval(order, id); // a step
   * const approval = await promise;
   * ```
   */
  awakeable<T = unknown>(options?: WaitOptions): Awakeable<T> {
    const timeoutMs = resolveWait(options, 'DurableContext.awakeable()');
    return attemptFor('DurableContext.awakeable').awakeable(timeoutMs) as Awakeable<T>;
  }

  /**
   * Waits for the next signal of a name (`DurableClient.signal`). Signals that came before are kept, in their order;
   * each is given once.
   *
   * @throws WaitTimeoutError (DURABLE_WAIT_TIMEOUT) when the `timeout` is over; the signal then stays for the next
   * @throws InvalidNameError (DURABLE_INVALID_NAME)
   */
  signal<T = unknown>(name: string, options?: WaitOptions): Promise<T> {
    assertName('signal', name, 'DurableContext.signal()');
    const timeoutMs = resolveWait(options, 'DurableContext.signal()');
    return attemptFor('DurableContext.signal').awaitSignal(name, timeoutMs) as Promise<T>;
  }

  /**
   * Has others see how far the invocation is: `DurableClient.query(id, name)` gives the last value of a name.
   * @throws InvalidNameError (DURABLE_INVALID_NAME)
   */
  set(name: string, value: unknown): void {
    assertName('progress', name, 'DurableContext.set()');
    attemptFor('DurableContext.set').set(name, value);
  }

  /** The time, in a handler the same on every replay. Outside an invocation, and within a step: `new Date()`, or that of a test's clock. */
  now(): Date {
    return source()?.now() ?? new Date(this.test?.clock.now() ?? Date.now());
  }

  /** A number from 0 to 1, in a handler the same on every replay. Outside, and within a step: `Math.random()`. */
  random(): number {
    return source()?.random() ?? Math.random();
  }

  /** A random UUID, in a handler the same on every replay. Outside, and within a step: `randomUUID()`. */
  uuid(): string {
    return source()?.uuid() ?? randomUUID();
  }

  private handle<R>(id: string): ChildHandle<R> {
    return { id, result: options => this.attach<R>(id, options) };
  }
}

/** What repeats itself on replay; `undefined` where the plain sources are right. */
function source(): Scope['attempt'] | undefined {
  const scope = currentScope();
  return scope?.step ? undefined : scope?.attempt;
}
