import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Subscription } from 'rxjs';
import { filter } from 'rxjs/operators';
import { InvalidOptionError, ServerNotBoundError } from '../errors/index.js';
import type { WorkerHost, WorkerStatus } from '../execution/worker-host.js';
import { BIND_WORKER, type WorkerStrategy } from '../execution/worker-strategy.js';
import type { WorkerOptions } from '../options/durable-options.js';
import { resolveWorker, type ResolvedWorker } from '../options/resolve-options.js';

/** What {@link DurableServer.on} calls when the worker gets into a status. */
export type DurableServerEvents = Record<WorkerStatus, () => void>;

/**
 * The strategy by which a Nest microservice is a worker of its application's durable services.
 *
 * The application imports `DurableModule` and provides the services; there is nothing else to configure. `listen`
 * takes work, also where the module says `worker: false`; in a hybrid application, with `app.listen()` at the
 * earliest, so that no handler runs before the providers are initialised. `close` and the shutdown of the
 * application drain it: once, whichever comes first.
 *
 * @example
 * ```ts
 * const app = await NestFactory.createMicroservice(AppModule, { strategy: new DurableServer() });
 * app.enableShutdownHooks();
 * await app.listen();
 * ```
 * @example
 * ```ts
 * app.connectMicroservice({ strategy: new DurableServer() }); // beside HTTP
 * await app.startAllMicroservices();
 * await app.listen(3000);
 * ```
 */
export class DurableServer
  extends Server<DurableServerEvents, WorkerStatus>
  implements CustomTransportStrategy, WorkerStrategy
{
  /** `@MessagePattern()`s of another transport are none of its business. */
  override readonly transportId = Symbol.for('nestjs-durable');
  readonly worker: ResolvedWorker | undefined;

  private host: WorkerHost | undefined;
  private isShared = false;
  private isLate = false;
  private statuses: Subscription | undefined;

  /**
   * @param options how to work. They replace the module's `worker` as a whole; without any, that counts, or the
   *   defaults where it is `false`.
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
   */
  constructor(options?: WorkerOptions) {
    super();
    this.worker = options && resolveWorker(options, 'new DurableServer(): ');
  }

  /** Called by the application that the strategy is given to. */
  [BIND_WORKER](host: WorkerHost): void {
    if (this.host) this.isShared = true;
    this.host = host;
    this.isLate = this.worker !== undefined && !host.choose(this.worker);
    this.statuses = host.status.subscribe(status => this._status$.next(status));
  }

  /**
   * Starts to take work; calls back once it does, or with the error.
   * @throws ServerNotBoundError (DURABLE_SERVER_NOT_BOUND) without `DurableModule`, or in two applications
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION) with options, when the worker had started without them
   * @throws WorkerStoppedError (DURABLE_WORKER_STOPPED) after {@link close}
   */
  async listen(callback: (error?: unknown) => unknown): Promise<void> {
    try {
      await this.bound().start();
    } catch (error) {
      callback(error);
      return;
    }
    this.warnOfHandlers();
    callback();
  }

  /** Takes no more work; resolves when what runs is finished, or given back when `drainTimeout` is over. */
  async close(): Promise<void> {
    await this.host?.stop();
    this.statuses?.unsubscribe();
  }

  /** Calls back whenever the worker gets into a status: `working`, `draining` or `stopped`; at once if it is. */
  on<Event extends WorkerStatus>(event: Event, callback: DurableServerEvents[Event]): void {
    this.status.pipe(filter(status => status === event)).subscribe(() => callback());
  }

  /**
   * The `WorkerHost` of the application.
   * @throws ServerNotBoundError (DURABLE_SERVER_NOT_BOUND)
   */
  unwrap<T>(): T {
    return this.bound() as T;
  }

  private bound(): WorkerHost {
    if (!this.host) throw new ServerNotBoundError('no_module');
    if (this.isShared) throw new ServerNotBoundError('two_applications');
    if (this.isLate) {
      const remedy = 'them with connectMicroservice() before app.init() or app.listen(), or in DurableModule';
      throw new InvalidOptionError('new DurableServer()', 'came after the worker had started', remedy);
    }
    return this.host;
  }

  private warnOfHandlers(): void {
    const patterns = [...this.messageHandlers.keys()];
    if (patterns.length === 0) return;
    this.logger.warn(
      `DurableServer does not serve @MessagePattern() and @EventPattern(): ${patterns.join(', ')}. ` +
        'Make them methods with @Handler(), or name their transport: @MessagePattern(pattern, Transport.TCP).',
    );
  }
}
