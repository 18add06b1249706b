import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DurableRegistrar } from './discovery/durable.registrar.js';
import { WorkerHost } from './execution/worker-host.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS } from './options/tokens.js';
import type { Backend } from './runtime/backend.js';

/** Ties the parts to the life of the application: scan, start, stop taking work, drain, close. */
@Injectable()
export class DurableLifecycle
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  private stopping: Promise<void> | undefined;

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly registrar: DurableRegistrar,
    private readonly worker: WorkerHost,
  ) {}

  onModuleInit(): void {
    this.registrar.registerAll();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.worker) await this.worker.start();
  }

  onModuleDestroy(): void {
    this.stopping = this.worker.stop();
    this.stopping.catch(() => undefined);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stopping;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backend.close();
  }
}
