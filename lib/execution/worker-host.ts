import { Inject, Injectable } from '@nestjs/common';
import { type Observable, ReplaySubject } from 'rxjs';
import { WorkerStoppedError } from '../errors/index.js';
import { resolveOptions, type ResolvedOptions, type ResolvedWorker } from '../options/resolve-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS } from '../options/tokens.js';
import { NO_WORKER } from '../ports/local-worker.js';
import type { Backend } from '../runtime/backend.js';
import { Worker } from '../runtime/worker.js';
import { ApplicationSteps } from './application-steps.js';
import { HandlerRegistry } from './handler-registry.js';

const DEFAULTS = resolveOptions().worker as ResolvedWorker;

/** What a worker does: takes work, finishes what runs, or nothing any more. */
export type WorkerStatus = 'working' | 'draining' | 'stopped';

/**
 * Has the worker of this application. The module starts it, or a microservice, or both: it starts once. So does
 * its end, whoever asks for it first.
 */
@Injectable()
export class WorkerHost {
  private readonly statuses = new ReplaySubject<WorkerStatus>(1);
  private chosen: ResolvedWorker | undefined;
  private isBootstrapped = false;
  private isWanted: boolean;
  private worker: Worker | undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly registry: HandlerRegistry,
    private readonly steps: ApplicationSteps,
  ) {
    this.isWanted = options.worker !== undefined;
  }

  /** What the worker does, from its start on: the last status at once, then every change. */
  get status(): Observable<WorkerStatus> {
    return this.statuses.asObservable();
  }

  /** Has the worker work in another way than the module says; whether that was still possible. */
  choose(worker: ResolvedWorker): boolean {
    if (this.starting) return false;
    this.chosen = worker;
    return true;
  }

  /**
   * Starts to take work: now or, if the application has not started yet, with it. Idempotent.
   * @throws WorkerStoppedError (DURABLE_WORKER_STOPPED) once it was stopped
   */
  async start(): Promise<void> {
    if (this.stopping) throw new WorkerStoppedError();
    this.isWanted = true;
    // Providers of the application may not be initialised: it would be early for their handlers.
    if (this.isBootstrapped) await (this.starting ??= this.startWorker());
  }

  /** The application has started: so does a worker that is wanted. */
  async bootstrap(): Promise<void> {
    this.isBootstrapped = true;
    if (this.isWanted && !this.stopping) await this.start();
  }

  /** Takes no more work; resolves when what runs is finished or given back. Idempotent. */
  stop(): Promise<void> {
    return (this.stopping ??= this.stopWorker());
  }

  private async startWorker(): Promise<void> {
    const { backend, registry } = this;
    const { origin, store, transport, results } = backend;
    const { retentionMs } = this.options;
    // A microservice works even where the module alone would not.
    const how = this.chosen ?? this.options.worker ?? DEFAULTS;
    const options = { ...how, id: origin, retentionMs };
    const env = { ...backend, steps: this.steps };
    this.worker = new Worker(options, store, transport, registry, results, env);
    await this.worker.start();
    backend.local.worker = this.worker;
    backend.logger.log(`worker ${origin} serves ${registry.services.join(', ') || 'no service'}`);
    this.statuses.next('working');
  }

  private async stopWorker(): Promise<void> {
    // Whoever started it heard of its failure.
    await this.starting?.catch(() => undefined);
    if (!this.worker) return;
    this.statuses.next('draining');
    await this.worker.stop();
    this.backend.local.worker = NO_WORKER;
    this.statuses.next('stopped');
  }
}
