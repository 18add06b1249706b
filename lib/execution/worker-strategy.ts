import type { ResolvedWorker } from '../options/resolve-options.js';
import type { WorkerHost } from './worker-host.js';

/**
 * Method by which an application shows its worker to a microservice strategy of this package. `Symbol.for`, so
 * that both builds of the package agree, and that the application need not load `@nestjs/microservices`.
 */
export const BIND_WORKER = Symbol.for('nestjs-durable.bind-worker');

/** A microservice strategy that is a worker of its application. */
export interface WorkerStrategy {
  /** How it wants to work; `undefined`: as the module says. */
  readonly worker: ResolvedWorker | undefined;
  [BIND_WORKER](host: WorkerHost): void;
}

/** Whether a strategy that an application was given is one of ours. */
export function isWorkerStrategy(strategy: unknown): strategy is WorkerStrategy {
  return typeof strategy === 'object' && strategy !== null && BIND_WORKER in strategy;
}
