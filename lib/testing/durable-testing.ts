import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DurableClient } from '../client/durable-client.js';
import { HandlerRegistry } from '../execution/handler-registry.js';
import { WorkerHost } from '../execution/worker-host.js';
import { DURABLE_BACKEND, DURABLE_TEST_SEAM } from '../options/tokens.js';
import type { Backend } from '../runtime/backend.js';
import type { Bench } from './bench.js';
import { type CrashOptions, type CrashReport, CrashTrial } from './crash-trial.js';
import { Idleness } from './idleness.js';
import { TestClock } from './test-clock.js';
import type { TestSteps } from './test-steps.js';

/** The tools of a test; `app.get(DurableTesting)` gives them. Its functions need no `this`. */
@Injectable()
export class DurableTesting implements OnModuleInit {
  /** The time of the application. */
  readonly clock: TestClock;
  /** The steps of the application. */
  readonly steps: TestSteps;
  private readonly idleness: Idleness;
  private backend: Backend | undefined;
  private registry: HandlerRegistry | undefined;

  constructor(
    @Inject(DURABLE_TEST_SEAM) private readonly bench: Bench,
    private readonly modules: ModuleRef,
  ) {
    const { activity, steps, clock, database, idleLimitMs: limitMs } = bench;
    const services = (): readonly string[] => this.registry?.services ?? [];
    const backend = (): Backend => this.opened;
    this.steps = steps;
    this.idleness = new Idleness({ backend, services, activity, steps, clock, limitMs });
    this.clock = new TestClock({ backend, services, database, clock, idleness: this.idleness });
  }

  onModuleInit(): void {
    this.backend = this.find<Backend>(DURABLE_BACKEND);
    this.registry = this.find(HandlerRegistry);
  }

  /**
   * Resolves when nothing is running or due: everything is over, or waits for something that only comes from outside, a
   * signal, the completion of an awakeable, or time.
   *
   * @throws NotIdleError (DURABLE_NOT_IDLE): says what still runs
   */
  readonly idle = (): Promise<void> => this.idleness.reached();

  /**
   * Shows that crashes change nothing: runs `invoke` once, and then again for each commit that it led to, with the worker
   * dying right before it, and right after it. Another worker takes over each time, and what `invoke` gives, or throws,
   * must be the same.
   *
   * Each run begins with no invocation, no object state, the same time, and the same ids: what else `invoke` depends on is
   * put back by `prepare`. Time moves by itself while `invoke` waits for a result. Fields of providers stay, as they do in
   * a worker that loses its lease: a handler must not depend on them.
   *
   * @param invoke does what is tested, and gives what is to be the same
   * @throws CrashError (DURABLE_CRASH): says where the crash was, what was expected, what came, and both journals
   * @example
   * ```ts
   * await crashEverywhere(client => client.call(OrderService).checkout(order));
   * ```
   */
  readonly crashEverywhere = <T>(
    invoke: (client: DurableClient) => PromiseLike<T>,
    options: CrashOptions = {},
  ): Promise<CrashReport<T>> => {
    const { bench, clock, idleness, opened: backend } = this;
    const host = this.find(WorkerHost);
    const client = this.find(DurableClient);
    const trial = new CrashTrial({ bench, clock, idleness, backend, host }, () => invoke(client), options);
    return trial.run();
  };

  private get opened(): Backend {
    if (!this.backend) throw new Error('The application has not been initialised: await app.init() first.');
    return this.backend;
  }

  private find<T>(token: symbol | (abstract new (...args: never[]) => T)): T {
    return this.modules.get<T>(token, { strict: false });
  }
}
