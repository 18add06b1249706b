import { Inject, Injectable } from '@nestjs/common';
import { type Observable, ReplaySubject } from 'rxjs';
import { EventClasses } from '../client/event-classes.js';
import { Targets } from '../client/target.js';
import { WorkerStoppedError } from '../errors/index.js';
import { resolveOptions, type ResolvedOptions, type ResolvedWorker } from '../options/resolve-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS } from '../options/tokens.js';
import { NO_SCHEDULER } from '../ports/local-scheduler.js';
import { NO_WORKER } from '../ports/local-worker.js';
import type { DeclaredSchedule } from '../ports/schedules.js';
import type { EntryRef } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import { Batched } from '../runtime/batched.js';
import { guardRejections } from '../runtime/rejection-guard.js';
import { declarationsOf, ScheduleKeeper } from '../runtime/schedule-keeper.js';
import { Scheduler } from '../runtime/scheduler.js';
import { StepBodies } from '../runtime/step-bodies.js';
import { Worker } from '../runtime/worker.js';
import { ApplicationSteps } from './application-steps.js';
import { declaredSchedules } from './declared-schedules.js';
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
  private scheduler: Scheduler | undefined;
  private unguard: () => void = () => undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private deaths = 0;

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly registry: HandlerRegistry,
    private readonly steps: ApplicationSteps,
    private readonly targets: Targets,
    private readonly events: EventClasses,
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

  /**
   * Has the worker die where it stands, and another one take over what it drove, as after the death of its process. For
   * tests: fields of the application's providers stay.
   */
  async replaceDead(): Promise<void> {
    const { worker, backend } = this;
    if (!worker) return;
    backend.local.scheduler = NO_SCHEDULER;
    backend.local.worker = NO_WORKER;
    void this.scheduler?.stop();
    this.unguard();
    await worker.die();
    const { maxDeaths } = this.chosen ?? this.options.worker ?? DEFAULTS;
    backend.messenger.deliver((await backend.store.reap({ maxDeaths, limit: 1_000 })).news);
    this.deaths++;
    await this.startWorker();
  }

  private async startWorker(): Promise<void> {
    const { backend, registry } = this;
    const { origin, store, transport, results } = backend;
    const { retentionMs, limits } = this.options;
    // A microservice works even where the module alone would not.
    const how = this.chosen ?? this.options.worker ?? DEFAULTS;
    const declared = await declaredSchedules(registry, backend.codec);
    const id = this.deaths === 0 ? origin : `${origin}.${this.deaths}`;
    const options = { ...how, id, retentionMs, schedules: declarationsOf(declared) };
    const { residentMs, onUnjournaledAwait } = options;
    const timers = new Batched((entries: readonly EntryRef[]) => store.remaining(entries));
    const application = { steps: this.steps, targets: this.targets, events: this.events };
    const bounds = { residentMs, longestJournal: limits.journal };
    // Longer, and a renewal comes too late.
    const bodies = new StepBodies(how.leaseMs / 3, backend.logger);
    const env = { ...backend, ...application, ...bounds, timers, bodies, onUnjournaledAwait };
    this.worker = new Worker(options, store, transport, registry, results, env);
    await this.worker.start();
    this.unguard = guardRejections(backend.logger);
    backend.local.worker = this.worker;
    await this.startScheduler(how, declared);
    backend.logger.log(`worker ${origin} serves ${registry.services.join(', ') || 'no service'}`);
    this.statuses.next('working');
  }

  private async startScheduler(
    { leaseMs, sweepMs }: ResolvedWorker,
    declared: readonly DeclaredSchedule[],
  ): Promise<void> {
    const { backend, registry } = this;
    const { services } = registry;
    const keeper = new ScheduleKeeper(services, declared, leaseMs, backend);
    this.scheduler = new Scheduler({ services, sweepMs }, keeper, backend);
    try {
      await this.scheduler.start();
    } catch (error) {
      // The application will not start: nothing of it may go on.
      await this.endWorker();
      throw error;
    }
    backend.local.scheduler = this.scheduler;
  }

  private async stopWorker(): Promise<void> {
    // Whoever started it heard of its failure.
    await this.starting?.catch(() => undefined);
    await this.endWorker();
  }

  private async endWorker(): Promise<void> {
    if (!this.worker) return;
    this.statuses.next('draining');
    this.backend.local.scheduler = NO_SCHEDULER;
    await this.scheduler?.stop();
    await this.worker.stop();
    this.unguard();
    this.backend.local.worker = NO_WORKER;
    this.worker = undefined;
    this.statuses.next('stopped');
  }
}
