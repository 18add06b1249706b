import type { JournalEntry } from '../engine/entry.js';
import type { Handlers } from '../ports/handlers.js';
import type { Claimed, Store, Transition } from '../ports/store.js';
import type { Consumer, Transport } from '../ports/transport.js';
import { Attempt, settledBy } from './attempt.js';
import type { AttemptEnvironment } from './environment.js';
import { Housekeeping } from './housekeeping.js';
import { Periodic } from './periodic.js';
import { Quarantine } from './quarantine.js';
import type { Results } from './results.js';
import { WorkerLease } from './worker-lease.js';

export interface WorkerOptions {
  /** Name of this process, unique. */
  readonly id: string;
  /** Invocations driven at once. */
  readonly concurrency: number;
  /** Milliseconds without a renewal after which the worker counts as dead. */
  readonly leaseMs: number;
  /** Milliseconds between two looks for due work that no announcement brought. */
  readonly sweepMs: number;
  /** Milliseconds that running steps get when the worker stops. */
  readonly drainMs: number;
  /** Deaths in a row without progress after which an invocation is failed as poison. */
  readonly maxDeaths: number;
  /** Milliseconds that a finished invocation is kept; `undefined`: for ever. */
  readonly retentionMs: number | undefined;
}

/** How long announced work may be due before the sweep takes it: the announcement was lost, or nobody is free. */
const OVERDUE_SWEEPS = 2;
/** Bounds how often the sweep comes for what others are about to claim. */
const SHORTEST_SWEEP_MS = 20;
/** How long an invocation waits whose handler this worker does not have. */
const UNKNOWN_HANDLER_PAUSE_MS = 10_000;
/** How long an invocation waits that is to be driven apart from another one. */
const QUARANTINE_PAUSE_MS = 1_000;

/** Claims invocations and drives them: as many at once as it has slots. */
export class Worker {
  private readonly lease: WorkerLease;
  private readonly sweep: Periodic;
  private readonly housekeeping: Housekeeping;
  private readonly attempts = new Map<string, Attempt>();
  private readonly quarantine: Quarantine;
  private reserved = 0;
  private state: 'idle' | 'working' | 'draining' = 'idle';
  /** Whether announcements may have been lost, so that everything due is looked for. */
  private catchingUp = true;
  private consumer: Consumer | undefined;
  private whenEmpty: (() => void) | undefined;

  constructor(
    private readonly options: WorkerOptions,
    private readonly store: Store,
    private readonly transport: Transport,
    private readonly handlers: Handlers,
    private readonly results: Results,
    private readonly env: AttemptEnvironment,
  ) {
    const { clock, logger } = env;
    this.quarantine = new Quarantine(options.maxDeaths, clock);
    const owner = { name: options.id, services: handlers.services, leaseMs: options.leaseMs };
    const lost = (): void => this.each(attempt => attempt.lose());
    this.lease = new WorkerLease(owner, store, { lost, regained: () => this.goOn() }, clock, logger);
    this.sweep = new Periodic('sweep', options.sweepMs, () => this.claimDue(), clock, logger);
    const driving = (): string[] => [...this.attempts.keys()];
    this.housekeeping = new Housekeeping(options, this.lease, driving, store, transport, clock, logger);
  }

  /** Whether it takes work. */
  get isWorking(): boolean {
    return this.state === 'working';
  }

  /** Name under which it claims now. */
  get workerId(): string {
    return this.lease.workerId;
  }

  /** How many invocations it would take now. */
  get capacity(): number {
    if (!this.isWorking || !this.lease.isHeld) return 0;
    return Math.max(0, this.options.concurrency - this.attempts.size - this.reserved);
  }

  /** Whether it drives an invocation. */
  drives(id: string): boolean {
    return this.attempts.has(id);
  }

  async start(): Promise<void> {
    if (this.state !== 'idle') return;
    await this.lease.start();
    this.state = 'working';
    this.consumer = await this.transport.consume({
      workerId: this.options.id,
      services: this.handlers.services,
      capacity: () => this.capacity,
      take: ids => this.take(ids),
      lost: () => this.catchUp(),
    });
    this.sweep.start();
    this.housekeeping.start();
    this.catchUp();
  }

  /** Takes a slot for an invocation that will be born leased to this worker; whether there was one. */
  reserve(): boolean {
    if (this.capacity === 0) return false;
    this.reserved++;
    return true;
  }

  /** Uses a reserved slot, or gives it back when there is nothing to drive. */
  adopt(claimed: Claimed | undefined): void {
    this.reserved--;
    if (claimed) this.drive(claimed, []);
    else this.freed();
  }

  /**
   * Takes no more work, lets running steps finish within the time for it, and gives the rest back at once, so that
   * another worker goes on with it.
   */
  async stop(): Promise<void> {
    if (this.state !== 'working') return;
    this.state = 'draining';
    const deadline = this.env.clock.after(this.options.drainMs, () =>
      this.each(attempt => attempt.release()),
    );
    this.each(attempt => attempt.drain());
    await Promise.all([this.consumer?.stop(), this.sweep.stop()]);
    await this.empty();
    deadline();
    await this.env.writer.idle();
    await this.housekeeping.stop();
    await this.lease.stop();
    this.state = 'idle';
  }

  /** Resolves when it drives nothing, and nothing that was accepted or claimed is still on its way to it. */
  private async empty(): Promise<void> {
    if (this.attempts.size + this.reserved > 0)
      await new Promise<void>(resolve => (this.whenEmpty = resolve));
  }

  private freed(): void {
    if (this.attempts.size + this.reserved === 0) this.whenEmpty?.();
    this.consumer?.resume();
  }

  private async take(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter(id => !this.attempts.has(id));
    if (fresh.length === 0) return;
    this.reserved += fresh.length;
    try {
      const { workerId } = this;
      const result = await this.store.claim({ workerId, services: this.handlers.services, ids: fresh });
      if (result.early.length > 0) this.transport.due(result.early);
      await this.driveAll(result.claimed);
    } catch (error) {
      // Whatever was claimed without our knowing is found by housekeeping; what was not, by the sweep.
      this.env.logger.warn(`claim of ${fresh.length} invocations failed: ${String(error)}`);
      this.catchingUp = true;
    } finally {
      this.reserved -= fresh.length;
      this.freed();
    }
  }

  private async claimDue(): Promise<void> {
    const limit = this.capacity;
    if (limit === 0) return;
    const isPushed = this.isPushed();
    const overdueMs = this.catchingUp || !isPushed ? 0 : OVERDUE_SWEEPS * this.options.sweepMs;
    const { services } = this.handlers;
    this.reserved += limit;
    try {
      const { workerId } = this;
      const claimed = await this.store.claimDue({ workerId, services, limit, overdueMs });
      this.catchingUp = claimed.length === limit && (this.catchingUp || !isPushed);
      await this.driveAll(claimed);
    } finally {
      this.reserved -= limit;
      this.freed();
    }
    if (!isPushed && !this.catchingUp) await this.wakeWhenDue(services);
  }

  /** Where nobody announces what becomes due, the sweep comes in time for it. */
  private async wakeWhenDue(services: readonly string[]): Promise<void> {
    const dueInMs = await this.store.nextDue(services);
    if (dueInMs !== undefined) this.sweep.soon(Math.max(dueInMs, SHORTEST_SWEEP_MS));
  }

  /** Whether a server announces what is ready, also for other processes. */
  private isPushed(): boolean {
    const { kind, connected } = this.transport.health();
    return kind !== 'local' && connected;
  }

  private catchUp(): void {
    this.catchingUp = true;
    void this.sweep.now();
  }

  private async driveAll(claimed: readonly Claimed[]): Promise<void> {
    // At its first epoch an invocation has no journal.
    const resumed = claimed.filter(one => one.lease.epoch > 1).map(one => one.lease.invocationId);
    const journals = resumed.length > 0 ? await this.store.journals(resumed) : undefined;
    for (const one of claimed) this.drive(one, journals?.get(one.lease.invocationId) ?? []);
  }

  private drive(claimed: Claimed, journal: readonly JournalEntry[]): void {
    const definition = this.handlers.find(claimed.service, claimed.handler);
    if (!definition) return this.giveBackUnknown(claimed);
    if (this.quarantine.refuses(claimed)) return this.giveBack(claimed, QUARANTINE_PAUSE_MS);
    const id = claimed.lease.invocationId;
    const attempt = new Attempt(claimed, journal, definition, this.env);
    this.quarantine.enter(claimed, attempt);
    // An attempt of a lost lease may still be in its last moments under the same id.
    this.attempts.get(id)?.lose();
    this.attempts.set(id, attempt);
    void attempt.done.then(end => this.finished(id, attempt, claimed, end));
    attempt.start();
    if (this.state === 'draining') attempt.drain();
  }

  /** The service is known, its handler is not: another version of the application may have it. */
  private giveBackUnknown(claimed: Claimed): void {
    const { lease, service, handler } = claimed;
    this.env.logger.warn(
      `${service} has no handler ${handler} in this application: invocation ${lease.invocationId} waits for a worker that has it`,
    );
    this.giveBack(claimed, UNKNOWN_HANDLER_PAUSE_MS);
  }

  private giveBack(claimed: Claimed, dueInMs: number): void {
    const { lease } = claimed;
    const back = { output: null, error: null, failedEntry: null, failedAttempt: false };
    const transition = { ...back, lease, status: 'scheduled' as const, dueInMs };
    this.env.writer
      .transition(transition)
      .then(result => result === 'fenced' || this.announce(claimed, transition))
      .catch((error: unknown) => this.env.logger.warn(String(error)));
  }

  private finished(id: string, attempt: Attempt, claimed: Claimed, end: Transition | undefined): void {
    if (this.attempts.get(id) === attempt) this.attempts.delete(id);
    this.quarantine.leave(attempt);
    if (end) this.announce(claimed, end);
    if (this.catchingUp) void this.sweep.now();
    this.freed();
  }

  private announce(claimed: Claimed, end: Transition): void {
    const { service, origin, lease } = claimed;
    const id = lease.invocationId;
    const settled = settledBy(end);
    if (settled) {
      this.results.settle(settled);
      this.transport.finished(origin, [id]);
    } else if (end.dueInMs === 0) this.transport.ready([{ id, service }]);
    else if (end.dueInMs !== null) this.transport.due([{ id, service, dueInMs: end.dueInMs }]);
  }

  /** It may claim again. */
  private goOn(): void {
    this.catchUp();
    this.consumer?.resume();
  }

  private each(act: (attempt: Attempt) => void): void {
    for (const attempt of [...this.attempts.values()]) act(attempt);
  }
}
