import { MetadataScanner, Reflector } from '@nestjs/core';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { openBackend } from '../backend/open-backend.js';
import { DurableClient } from '../client/durable-client.js';
import { EventClasses } from '../client/event-classes.js';
import type { InvocationHandle } from '../client/invocation-handle.js';
import { Invocations } from '../client/invocations.js';
import { Targets } from '../client/target.js';
import { MetadataAccessor } from '../discovery/metadata-accessor.js';
import { ClientClosedError } from '../errors/index.js';
import { HandlerRegistry } from '../execution/handler-registry.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Backend } from '../runtime/backend.js';
import { type DurableClientProxyOptions, resolveProxyOptions } from './client-proxy-options.js';
import { toRecord } from './durable-record.builder.js';
import { toTarget } from './pattern.js';

interface Connection {
  readonly backend: Backend;
  readonly invocations: Invocations;
  readonly client: DurableClient;
}

/**
 * Nest's client proxy for durable services: for applications without their classes, which dispatch by pattern.
 *
 * `send` accepts an invocation and gives its result, then completes; to unsubscribe ends the wait, and the
 * invocation goes on. `emit` gives the id of the invocation once it is committed, then completes. Patterns are
 * `'OrderService.checkout'`, `{ service, handler }` or, for a shared handler of a virtual object, `{ service, handler,
 * shared: true }`. The data is the single argument; a `DurableRecordBuilder`
 * sets several, the key of an object, and options. Errors come as themselves where their class is known here (`errors`).
 *
 * Whether a worker has the handler is not known here: an invocation waits for one that does. `status` is
 * `connected` or `closed`.
 *
 * @example
 * ```ts
 * ClientsModule.register([{ name: 'ORDERS', customClass: DurableClientProxy, options: { postgres, redis } }]);
 *
 * this.orders.send('OrderService.checkout', order); // Observable<Receipt>
 * ```
 */
export class DurableClientProxy extends ClientProxy {
  private readonly options: ResolvedOptions;
  private connecting: Promise<Connection> | undefined;
  private connection: Connection | undefined;

  /** @throws InvalidOptionError (DURABLE_INVALID_OPTION), InvalidDurationError (DURABLE_INVALID_DURATION) */
  constructor(options: DurableClientProxyOptions) {
    super();
    this.options = resolveProxyOptions(options);
  }

  /**
   * Opens the database, and Redis. The first message does it as well; after {@link close} it opens anew.
   * @throws StoreUnavailableError (DURABLE_STORE_UNAVAILABLE)
   */
  async connect(): Promise<void> {
    const connecting = (this.connecting ??= this.open());
    try {
      const connection = await connecting;
      if (this.connecting !== connecting || this.connection) return;
      this.connection = connection;
      this._status$.next('connected');
    } catch (error) {
      if (this.connecting === connecting) this.connecting = undefined;
      throw error;
    }
  }

  /** Closes what {@link connect} opened. Who still waits for a result gets a `ClientClosedError`. */
  async close(): Promise<void> {
    const { connecting } = this;
    if (!connecting) return;
    this.connecting = undefined;
    this.connection = undefined;
    // Whoever connected heard of its failure.
    const connection = await connecting.catch(() => undefined);
    await connection?.backend.close();
    this._status$.next('closed');
  }

  /**
   * A `DurableClient` on the same connection, to look at invocations by their ids.
   * @throws ClientClosedError (DURABLE_CLIENT_CLOSED) while it is not connected
   */
  unwrap<T = DurableClient>(): T {
    return this.connected().client as T;
  }

  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const waiting = new AbortController();
    const answer = async (): Promise<unknown> =>
      (await this.dispatch(pattern, data)).result({ signal: waiting.signal });
    answer().then(
      response => {
        // Apart from the end: a response with it would be swallowed where it is undefined.
        callback({ response });
        callback({ isDisposed: true });
      },
      (err: unknown) => callback({ err }),
    );
    return () => waiting.abort();
  }

  protected async dispatchEvent<T = string>({ pattern, data }: ReadPacket): Promise<T> {
    return (await this.dispatch(pattern, data)).id as T;
  }

  private async dispatch(pattern: unknown, data: unknown): Promise<InvocationHandle> {
    const { args, options } = toRecord(data);
    return this.connected().invocations.accept(toTarget(pattern, options.key !== undefined), args, options);
  }

  private connected(): Connection {
    if (!this.connection) throw new ClientClosedError();
    return this.connection;
  }

  private async open(): Promise<Connection> {
    const { options } = this;
    const backend = await openBackend(options);
    const accessor = new MetadataAccessor(new Reflector(), new MetadataScanner());
    const targets = new Targets(options, accessor, new HandlerRegistry());
    const client = new DurableClient(backend, targets, new EventClasses());
    return { backend, invocations: new Invocations(backend), client };
  }
}
