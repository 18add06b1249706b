import { Inject, Injectable } from '@nestjs/common';
import { resolveOptions, type ResolvedOptions } from '../options/resolve-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS } from '../options/tokens.js';
import { NO_WORKER } from '../ports/local-worker.js';
import type { Backend } from '../runtime/backend.js';
import { Worker } from '../runtime/worker.js';
import { ApplicationSteps } from './application-steps.js';
import { HandlerRegistry } from './handler-registry.js';

const DEFAULTS = resolveOptions().worker as NonNullable<ResolvedOptions['worker']>;

/** Has the worker of this application: started by the module, or by a microservice. */
@Injectable()
export class WorkerHost {
  private worker: Worker | undefined;
  private starting: Promise<void> | undefined;

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly registry: HandlerRegistry,
    private readonly steps: ApplicationSteps,
  ) {}

  /** Starts to take work. Idempotent. */
  start(): Promise<void> {
    return (this.starting ??= this.startWorker());
  }

  /** Takes no more work; resolves when what runs is finished or given back. Idempotent. */
  async stop(): Promise<void> {
    await this.starting;
    await this.worker?.stop();
    this.backend.local.worker = NO_WORKER;
  }

  private async startWorker(): Promise<void> {
    const { backend, registry } = this;
    const { origin, store, transport, results } = backend;
    // A microservice works even where the module alone would not.
    const { retentionMs, worker = DEFAULTS } = this.options;
    const options = { ...worker, id: origin, retentionMs };
    const env = { ...backend, steps: this.steps };
    this.worker = new Worker(options, store, transport, registry, results, env);
    await this.worker.start();
    backend.local.worker = this.worker;
    backend.logger.log(`worker ${origin} serves ${registry.services.join(', ') || 'no service'}`);
  }
}
