import { Inject, Injectable } from '@nestjs/common';
import { freshId } from '../codec/identity.js';
import type { EventClass } from '../decorators/metadata.js';
import { CallInTransactionError } from '../errors/index.js';
import { resolveListOptions, type ListOptions } from '../options/list-options.js';
import { assertName } from '../options/names.js';
import { stateKey } from '../options/object-key.js';
import type { RestartOptions } from '../options/restart-options.js';
import {
  NO_OPTIONS,
  resolveClientOptions,
  type ClientCallOptions,
  type ClientSendOptions,
  type ResolvedClientOptions,
} from '../options/send-options.js';
import type { PublishOptions } from '../options/event-options.js';
import type { SignalOptions } from '../options/signal-options.js';
import { DURABLE_BACKEND } from '../options/tokens.js';
import type { Published } from '../ports/events.js';
import type { Backend } from '../runtime/backend.js';
import { promised } from '../runtime/promised.js';
import { Controls } from './controls.js';
import { cursorAfter, parseCursor } from './cursor.js';
import { EventClasses } from './event-classes.js';
import type { EventData } from './event-data.js';
import type { InvocationHandle, InvocationInfo, JournalRecord } from './invocation-handle.js';
import { invocationId } from './invocation-id.js';
import { Invocations } from './invocations.js';
import { type ObjectStateEditor, StoredObjectState } from './object-state-editor.js';
import { toInfo, toJournalRecord } from './records.js';
import { Reruns } from './reruns.js';
import { ScheduleClient } from './schedules.js';
import { Targets } from './target.js';
import { methodProxy, type Calls, type Sends, type ServiceClass } from './typed-calls.js';

/** A page of invocations, newest first. */
export interface InvocationPage {
  readonly items: readonly InvocationInfo[];
  /** Where the next page starts; `undefined` on the last one. */
  readonly cursor: string | undefined;
}

/** Invokes durable handlers and looks at invocations, from any provider of the application. */
@Injectable()
export class DurableClient {
  /** Schedules, those that the code declares and those that clients create. */
  readonly schedules: ScheduleClient;

  private readonly invocations: Invocations;
  private readonly controls: Controls;
  private readonly reruns: Reruns;

  constructor(
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly targets: Targets,
    private readonly events: EventClasses,
  ) {
    this.invocations = new Invocations(backend);
    this.controls = new Controls(backend);
    this.reruns = new Reruns(backend, this.invocations);
    this.schedules = new ScheduleClient(backend, targets, this.invocations);
  }

  /**
   * Calls a handler durably and awaits its result: `await client.call(OrderService).checkout(order)`.
   *
   * The invocation goes on if this process dies; with an `idempotencyKey`, calling again gets its result.
   *
   * @param options `timeout`: how long to wait here; else as {@link send}
   * @throws what the handler failed with; {@link send} says what else
   * @throws ResultTimeoutError (DURABLE_RESULT_TIMEOUT) when the `timeout` is over
   * @throws CallInTransactionError (DURABLE_CALL_IN_TRANSACTION) within a transaction of the application
   */
  call<T>(service: ServiceClass<T>, options: ClientCallOptions = NO_OPTIONS): Calls<T> {
    return methodProxy(async (method, args) => {
      const resolved = resolveClientOptions(options, 'call');
      if (this.backend.transactions?.current()) throw new CallInTransactionError('DurableClient.call()');
      const { timeoutMs } = resolved;
      const handle = await this.accept(service, method, args, resolved);
      return handle.result(timeoutMs === undefined ? {} : { timeout: timeoutMs });
    });
  }

  /**
   * Sends to a handler, one way: `await client.send(OrderService).checkout(order)` resolves to a handle once the
   * invocation is committed. It then survives any process, and the loss of all Redis data.
   *
   * Within a transaction of the application's own `DataSource` it joins that one: it is committed with it, dispatched
   * after the commit, and gone after a rollback; its handle then says InvocationNotFoundError.
   *
   * @param options `key` of a virtual object; `idempotencyKey`: the same key gives the same invocation; `delay` or
   *   `at`: not before then; `deadline`: when it is to be over; `signal`: it is signalled before this resolves;
   *   `transaction`: the one to join
   * @throws ObjectKeyError (DURABLE_OBJECT_KEY) for a key that is missing, wrong, or given to a plain service
   * @throws IdempotencyConflictError (DURABLE_IDEMPOTENCY_CONFLICT) if the key belongs to another input
   * @throws UnserialisableValueError, PayloadTooLargeError for arguments that cannot be stored
   * @throws what a pipe of the handler throws, if this application has the handler
   * @throws AcceptTimeoutError (DURABLE_ACCEPT_TIMEOUT) if the database is away for too long
   * @throws ClientClosedError (DURABLE_CLIENT_CLOSED) once the application is closed
   */
  send<T>(service: ServiceClass<T>, options: ClientSendOptions = NO_OPTIONS): Sends<T> {
    return methodProxy((method, args) =>
      promised(() => this.accept(service, method, args, resolveClientOptions(options, 'send'))),
    );
  }

  /**
   * Publishes an event: each handler that has subscribed (`@OnDurableEvent()`) has an invocation of its own, once for the
   * event. Resolves once all of them are committed, in one commit. Within a transaction of the application's own
   * `DataSource` it joins that one, as {@link send} does.
   *
   * @param type class of the event, with what is in it; or the event alone, an instance of its class
   * @param options `id`: published again under the same id, each handler has it once
   * @throws InvalidEventError (DURABLE_INVALID_EVENT) if it breaks the rules of its class: nothing is stored
   * @throws UnknownEventError (DURABLE_UNKNOWN_EVENT) if no `@DurableEvent()` class describes it
   * @throws IdempotencyConflictError (DURABLE_IDEMPOTENCY_CONFLICT) if another event of its name has the id
   * @throws UnserialisableValueError, PayloadTooLargeError, AcceptTimeoutError, ClientClosedError
   */
  publish<E extends object>(
    type: EventClass<E>,
    data: EventData<E>,
    options?: PublishOptions,
  ): Promise<Published>;
  publish(event: object, options?: PublishOptions): Promise<Published>;
  publish(...args: unknown[]): Promise<Published> {
    return this.invocations.whileOpen(() => {
      const event = this.events.publication(args, 'publish()');
      const { publisher, transactions } = this.backend;
      return publisher.publish(event, event.id ?? freshId(), transactions?.current());
    });
  }

  /**
   * Signals an invocation, which takes it with `DurableContext.signal(name)`, now or later. Resolves once it is kept.
   *
   * @param options `idempotencyKey`: the same name and key signal it once
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER) if it does not run any more
   * @throws InvalidNameError, UnserialisableValueError, PayloadTooLargeError
   */
  signal(id: string, name: string, value?: unknown, options?: SignalOptions): Promise<void> {
    return this.invocations.whileOpen(() => this.invocations.messages.signal(id, name, value, options));
  }

  /**
   * Resolves the promise of an awakeable, by the id that its handler gave away. The first completion counts; the same
   * one again is no error.
   *
   * @throws AwakeableNotFoundError (DURABLE_AWAKEABLE_NOT_FOUND)
   * @throws AwakeableCompletedError (DURABLE_AWAKEABLE_COMPLETED) if it was completed in another way
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER) if nobody waits for it any more
   * @throws UnserialisableValueError, PayloadTooLargeError
   */
  resolveAwakeable(id: string, value?: unknown): Promise<void> {
    return this.invocations.whileOpen(() => this.invocations.messages.resolve(id, value));
  }

  /**
   * Rejects the promise of an awakeable; else as {@link resolveAwakeable}.
   * @param reason what the handler gets; a text stands for a `TerminalError`
   */
  rejectAwakeable(id: string, reason: Error | string): Promise<void> {
    return this.invocations.whileOpen(() => this.invocations.messages.reject(id, reason));
  }

  /**
   * The last value that a handler has set under a name (`DurableContext.set`); `undefined`: none so far.
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvalidNameError (DURABLE_INVALID_NAME)
   */
  query<T = unknown>(id: string, name: string): Promise<T | undefined> {
    return this.invocations.whileOpen(async () => {
      assertName('progress', name, 'query()');
      const text = await this.backend.store.progress(invocationId(id), name);
      if (text !== undefined) return this.backend.codec.decode(text) as T;
      await this.invocations.record(id);
      return undefined;
    });
  }

  /**
   * The state of a virtual object, to be read and edited by hand.
   * @throws ObjectKeyError (DURABLE_OBJECT_KEY), NotRegisteredError (DURABLE_NOT_REGISTERED)
   */
  state<T extends object = Record<string, unknown>>(
    object: ServiceClass<unknown>,
    key: string,
  ): ObjectStateEditor<T> {
    const { name, isObject } = this.targets.service(object);
    const whileOpen = <R>(ask: () => Promise<R>): Promise<R> => this.invocations.whileOpen(ask);
    return new StoredObjectState<T>(name, stateKey(name, isObject, key), this.backend, whileOpen);
  }

  /** A handle of an invocation that exists, or so it is hoped: asking it tells. */
  get<R = unknown>(id: string): InvocationHandle<R> {
    return this.invocations.get<R>(id);
  }

  /**
   * The journal of an invocation, in call order.
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   */
  journal(id: string): Promise<JournalRecord[]> {
    return this.invocations.whileOpen(async () => {
      await this.invocations.record(id);
      const { store, codec, errors } = this.backend;
      const entries = (await store.journals([id])).get(id) ?? [];
      return entries.map(entry => toJournalRecord(entry, codec, errors));
    });
  }

  /**
   * Invocations, newest first.
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
   */
  async list(options: ListOptions = {}): Promise<InvocationPage> {
    const { cursor, ...query } = resolveListOptions(options);
    const after = cursor === undefined ? {} : { after: parseCursor(cursor) };
    const records = await this.invocations.whileOpen(() => this.backend.store.list({ ...query, ...after }));
    const last = records.length === query.limit ? records.at(-1) : undefined;
    const items = records.map(record => toInfo(record, this.backend.errors));
    return { items, cursor: last && cursorAfter(last) };
  }

  /**
   * Runs a failed invocation again, from its journal: what succeeded is not repeated, the step whose failure was
   * its end is. What was recorded after that failure is dropped, as if it had not been asked for.
   *
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationNotFailedError (DURABLE_INVOCATION_NOT_FAILED) in any other status
   * @throws CompensatedError (DURABLE_COMPENSATED) if it has undone what it did
   */
  retry(id: string): Promise<void> {
    return this.invocations.whileOpen(() => this.reruns.retry(id));
  }

  /**
   * Starts a new invocation in place of one that is over or paused, with its input and the beginning of its journal: what
   * was called before the entry `from` is not repeated, everything else is. Resolves to a handle once it is committed.
   * The old one stays as it is; so does the state of an object: what is taken over is not written to it again.
   *
   * @param options `from`: index of an entry of {@link journal}; default 0, from the beginning
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationNotOverError (DURABLE_INVOCATION_NOT_OVER) if it goes on
   * @throws EntryNotFoundError (DURABLE_ENTRY_NOT_FOUND)
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
   */
  restart<R = unknown>(id: string, options?: RestartOptions): Promise<InvocationHandle<R>> {
    return this.invocations.whileOpen(async () => this.get<R>(await this.reruns.restart(id, options)));
  }

  /**
   * Asks the handler of an invocation to end: what it waits for is rejected with a `CancelledError`, the signal of a
   * running step is aborted, calls that it waits for are cancelled as well. What the handler does then, to make good
   * what was done, is done. If it ends with that error the invocation is `cancelled`. One that has not begun, or is
   * paused, is cancelled at once, unless it may have something to undo: then once it is resumed. Resolves once the
   * request is kept.
   *
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER)
   */
  cancel(id: string): Promise<void> {
    return this.invocations.whileOpen(() => this.controls.cancel(id));
  }

  /**
   * Ends an invocation, and those whose outcome it waits for, without their handlers: they are `cancelled` with a
   * `KilledError`. Whoever drives them is told, and can record nothing more.
   *
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER)
   */
  kill(id: string): Promise<void> {
    return this.invocations.whileOpen(() => this.controls.kill(id));
  }

  /**
   * Stops an invocation until it is resumed. It keeps its object, its inbox and its journal; a step that is running is
   * run again. To pause what is paused changes nothing.
   *
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER)
   */
  pause(id: string): Promise<void> {
    return this.invocations.whileOpen(() => this.controls.pause(id));
  }

  /**
   * Lets a paused invocation go on from its journal: one that was paused by hand, or by a journal mismatch.
   *
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER)
   * @throws InvocationNotPausedError (DURABLE_INVOCATION_NOT_PAUSED)
   */
  resume(id: string): Promise<void> {
    return this.invocations.whileOpen(() => this.controls.resume(id));
  }

  /**
   * Lets an invocation go on that is paused at a compensation that failed, as if that were done: somebody did it by hand.
   * To have it tried again, {@link resume}; to leave the rest undone, {@link kill}.
   *
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND)
   * @throws InvocationOverError (DURABLE_INVOCATION_OVER)
   * @throws NothingToSkipError (DURABLE_NOTHING_TO_SKIP)
   */
  skipCompensation(id: string): Promise<void> {
    return this.invocations.whileOpen(() => this.controls.skipCompensation(id));
  }

  private accept(
    service: ServiceClass<unknown>,
    method: string,
    args: readonly unknown[],
    options: ResolvedClientOptions,
  ): Promise<InvocationHandle<never>> {
    return this.invocations.accept(this.targets.find(service, method), args, options);
  }
}
