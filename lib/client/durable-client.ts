import { Inject, Injectable } from '@nestjs/common';
import { InvocationNotFailedError, InvocationNotFoundError } from '../errors/index.js';
import { resolveListOptions, type ListOptions } from '../options/list-options.js';
import { resolveSendOptions, type SendOptions } from '../options/send-options.js';
import { DURABLE_BACKEND } from '../options/tokens.js';
import type { Backend } from '../runtime/backend.js';
import { cursorAfter, parseCursor } from './cursor.js';
import type { InvocationHandle, InvocationInfo, JournalRecord } from './invocation-handle.js';
import { Invocations } from './invocations.js';
import { toInfo, toJournalRecord } from './records.js';
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
  private readonly invocations: Invocations;

  constructor(
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly targets: Targets,
  ) {
    this.invocations = new Invocations(backend);
  }

  /**
   * Calls a handler durably and awaits its result: `await client.call(OrderService).checkout(order)`.
   *
   * The invocation goes on if this process dies; with an `idempotencyKey`, calling again gets its result.
   *
   * @throws what the handler failed with; {@link send} says what else
   */
  call<T>(service: ServiceClass<T>, options: SendOptions = {}): Calls<T> {
    return methodProxy(async (method, args) => (await this.accept(service, method, args, options)).result());
  }

  /**
   * Sends to a handler, one way: `await client.send(OrderService).checkout(order)` resolves to a handle once the
   * invocation is committed. It then survives any process, and the loss of all Redis data.
   *
   * @param options `idempotencyKey`: the same key gives the same invocation; `delay` or `at`: not before then
   * @throws IdempotencyConflictError (DURABLE_IDEMPOTENCY_CONFLICT) if the key belongs to another input
   * @throws UnserialisableValueError, PayloadTooLargeError for arguments that cannot be stored
   * @throws what a pipe of the handler throws, if this application has the handler
   * @throws AcceptTimeoutError (DURABLE_ACCEPT_TIMEOUT) if the database is away for too long
   * @throws ClientClosedError (DURABLE_CLIENT_CLOSED) once the application is closed
   */
  send<T>(service: ServiceClass<T>, options: SendOptions = {}): Sends<T> {
    return methodProxy((method, args) => this.accept(service, method, args, options));
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
   */
  retry(id: string): Promise<void> {
    return this.invocations.whileOpen(async () => {
      const { service, status } = await this.invocations.record(id);
      const result = await this.backend.store.retry(id);
      if (result === 'not_found') throw new InvocationNotFoundError(id);
      if (result === 'not_failed') throw new InvocationNotFailedError(id, status);
      this.backend.transport.ready([{ id, service }]);
    });
  }

  private async accept(
    service: ServiceClass<unknown>,
    method: string,
    args: readonly unknown[],
    options: SendOptions,
  ): Promise<InvocationHandle<never>> {
    const target = this.targets.find(service, method);
    return this.invocations.accept(target, args, resolveSendOptions(options));
  }
}
