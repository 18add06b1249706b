import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DurableRegistrar } from './discovery/durable.registrar.js';
import { WorkerHost } from './execution/worker-host.js';
import { BIND_WORKER, isWorkerStrategy } from './execution/worker-strategy.js';
import { DURABLE_BACKEND } from './options/tokens.js';
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
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly registrar: DurableRegistrar,
    private readonly worker: WorkerHost,
    modules: ModulesContainer,
  ) {
    this.bindStrategies(modules);
  }

  onModuleInit(): Promise<void> {
    return this.orClose(async () => this.registrar.registerAll());
  }

  onApplicationBootstrap(): Promise<void> {
    return this.orClose(() => this.worker.bootstrap());
  }

  onModuleDestroy(): void {
    this.stopping = this.worker.stop();
    this.stopping.catch(() => undefined);
  }

  async beforeApplicationShutdown(): Promise<void> {
    // Nest would not come to the hook that closes the connections.
    await this.stopping?.catch((error: unknown) => this.backend.logger.error(String(error)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backend.close();
  }

  /** An application that does not start is not closed by Nest: connections and locks would stay. */
  private async orClose(start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      await this.backend.close();
      throw error;
    }
  }

  /** Nest tells of every microservice that the application is, or is connected to, whenever that happens. */
  private bindStrategies(modules: Partial<ModulesContainer>): void {
    // Before @nestjs/core 11.1.4 it does not: then a DurableServer says what it misses.
    modules.getRpcTargetRegistry?.<unknown>().subscribe(strategy => {
      if (isWorkerStrategy(strategy)) strategy[BIND_WORKER](this.worker);
    });
  }
}
