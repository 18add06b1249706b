import type { Handlers } from '../ports/handlers.js';
import type { LocalWorker } from '../ports/local-worker.js';
import type { Awoken, Claimed, Store, Transition } from '../ports/store.js';
import type { Consumer, Transport } from '../ports/transport.js';
import { enters, fits } from './addressee.js';
import { Announcer } from './announcer.js';
import { Attempt } from './attempt.js';
import { Claims } from './claims.js';
import type { AttemptEnvironment } from './environment.js';
import { GiveBack } from './give-back.js';
import { Housekeeping } from './housekeeping.js';
import { Periodic } from './periodic.js';
import { Quarantine } from './quarantine.js';
import { Residents } from './residents.js';
import { Restore, type Restored } from './restore.js';
import type { Results } from './results.js';
import { Slots } from './slots.js';
import { Sweep, type Sweeper } from './sweep.js';
import { Wakes } from './wakes.js';
import { isOverWithin, LAST_WRITES_MS } from './within.js';
import { WorkerLease } from './worker-lease.js';
import type { WorkerOptions } from './worker-options.js';

/** How long an invocation waits that could not be read. */
const UNREAD_PAUSE_MS = 1_000;
/** How long an invocation waits that is to be driven apart from another one. */
const QUARANTINE_PAUSE_MS = 1_000;

/** Invocations that only wait, per slot, before those that have waited longest are suspended. */
const RESIDENTS_PER_SLOT = 10;

/**
 * Claims invocations and drives them: as many at once as it has slots. One that only waits takes no slot: those that
 * it waits for may need one.
 */
export class Worker implements LocalWorker {
  private readonly lease: WorkerLease;
  private readonly sweep: Sweep;
  private readonly claims: Claims;
  private readonly housekeeping: Housekeeping;
  private readonly attempts = new Map<string, Attempt>();
  /** Those of them that only wait. */
  private readonly residents: Residents;
  private readonly wakes: Wakes;
  private readonly restore: Restore;
  private readonly quarantine: Quarantine;
  private readonly arrivals: Periodic;
  private readonly announcer: Announcer;
  private readonly giveBack: GiveBack;
  private readonly slots: Slots;
  private state: 'idle' | 'working' | 'draining' | 'dead' = 'idle';
  private consumer: Consumer | undefined;
  private whenEmpty: (() => void) | undefined;

  constructor(
    private readonly options: WorkerOptions,
    private readonly store: Store,
    private readonly transport: Transport,
    private readonly handlers: Handlers,
    results: Results,
    private readonly env: AttemptEnvironment,
  ) {
    const { clock, logger } = env;
    this.quarantine = new Quarantine(options.maxDeaths, clock);
    const { services, subscriptions } = handlers;
    const { schedules, leaseMs } = options;
    const owner = { name: options.id, services, subscriptions, schedules, leaseMs };
    const lost = (): void => this.lose();
    const regained = (): void => (this.sweep.catchUp(), this.consumer?.resume());
    this.lease = new WorkerLease(owner, store, { lost, regained }, env);
    this.claims = new Claims({ store, transport, services, workerId: () => this.workerId });
    this.restore = new Restore(store);
    this.announcer = new Announcer(id => this.attempts.get(id), results, transport);
    this.giveBack = new GiveBack({ handlers, writer: env.writer, announcer: this.announcer, logger });
    this.wakes = new Wakes(id => this.attempts.get(id), this.restore, logger);
    this.residents = new Residents(options.concurrency * RESIDENTS_PER_SLOT, this.wakes);
    const used = (): number => this.attempts.size - this.residents.count;
    this.slots = new Slots(options.concurrency, used, clock);
    this.sweep = this.sweeping();
    const ask = async (): Promise<void> => this.residents.ask(this.isPushed());
    this.arrivals = new Periodic('search for arrivals', options.sweepMs, ask, clock, logger);
    const driving = (): string[] => [...this.attempts.keys()];
    const { messenger, errors } = env;
    const parts = { store, transport, messenger, errors, clock, logger };
    this.housekeeping = new Housekeeping(options, this.lease, driving, parts);
  }

  /** Whether it takes work. */
  get isWorking(): boolean {
    return this.state === 'working';
  }

  /** Name under which it claims now. */
  get workerId(): string {
    return this.lease.workerId;
  }

  get busy(): string[] {
    return [...this.attempts].filter(([, attempt]) => !attempt.rests).map(([id]) => id);
  }

  /** How many invocations it would claim now. */
  get capacity(): number {
    return this.takesWork ? this.slots.free : 0;
  }

  private get takesWork(): boolean {
    return this.isWorking && this.lease.isHeld;
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
      lost: () => this.sweep.catchUp(),
    });
    this.sweep.start();
    this.arrivals.start();
    this.housekeeping.start();
    this.sweep.catchUp();
  }

  /** Takes a place for an invocation that will be born leased to this worker; whether there was one. */
  reserve(): boolean {
    return this.takesWork && this.slots.reserve(!this.sweep.catchingUp);
  }

  /** Uses a reserved place, or gives it back when there is nothing to drive. */
  adopt(claimed: Claimed | undefined): void {
    if (!claimed) return (this.slots.cancel(), this.freed());
    const slot = this.slots.enter();
    const known = this.restore.known(claimed);
    if (slot !== true || !known) return void this.adoptLater(claimed, slot);
    this.slots.release(1);
    this.drive(claimed, known);
    if (!this.drives(claimed.lease.invocationId)) this.freed();
  }

  /** An invocation is being accepted that is to be over in so many milliseconds. */
  expectDeadline(inMs: number): void {
    this.housekeeping.expectDeadline(inMs);
  }

  /** Something arrived for invocations that it drives, or drove: what it does not know yet is asked for. */
  wake(awoken: readonly Pick<Awoken, 'id' | 'wakes'>[]): void {
    this.wakes.add(awoken);
  }

  /**
   * Takes no more work, lets running steps finish within the time for it, and gives the rest back at once, so that
   * another worker goes on with it.
   */
  async stop(): Promise<void> {
    if (this.state !== 'working') return;
    this.state = 'draining';
    const { clock, logger } = this.env;
    const { drainMs } = this.options;
    const release = clock.after(drainMs, () => this.each(attempt => attempt.release()));
    this.each(attempt => attempt.drain());
    this.slots.giveUp();
    if (!(await isOverWithin(clock, drainMs + LAST_WRITES_MS, this.windDown()))) {
      logger.warn(
        `the store does not answer: ${this.attempts.size} invocations are left to the end of the lease`,
      );
      this.each(attempt => attempt.lose());
    }
    release();
    this.state = 'idle';
  }

  private async windDown(): Promise<void> {
    await Promise.all([this.consumer?.stop(), this.sweep.stop(), this.arrivals.stop()]);
    await this.empty();
    await this.env.writer.idle();
    await this.housekeeping.stop();
    await this.lease.stop();
  }

  /** Is gone as if its process had died: nothing more is written, and what it drove is an orphan once this resolves. */
  async die(): Promise<void> {
    this.state = 'dead';
    this.lose();
    for (const part of [this.consumer, this.sweep, this.arrivals, this.housekeeping]) void part?.stop();
    await this.lease.stop();
  }

  /** Resolves when it drives nothing, and nothing that was accepted or claimed is still on its way to it. */
  private async empty(): Promise<void> {
    if (!this.isEmpty) await new Promise<void>(resolve => (this.whenEmpty = resolve));
  }

  private get isEmpty(): boolean {
    return this.attempts.size === 0 && this.slots.isUnclaimed;
  }

  private freed(): void {
    this.slots.freed();
    if (this.isEmpty) this.whenEmpty?.();
    this.consumer?.resume();
  }

  private async take(ids: readonly string[]): Promise<void> {
    this.sweep.stir();
    // One that has just let go may have been woken already.
    const fresh = ids.filter(id => !this.attempts.get(id)?.isDriving);
    if (fresh.length === 0) return;
    this.slots.hold(fresh.length);
    try {
      await this.driveAll(await this.claims.of(fresh));
    } catch (error) {
      // Whatever was claimed without our knowing is found by housekeeping; what was not, by the sweep.
      this.env.logger.warn(`claim of ${fresh.length} invocations failed: ${String(error)}`);
      this.sweep.fallBehind();
    } finally {
      this.slots.release(fresh.length);
      this.freed();
    }
  }

  private sweeping(): Sweep {
    const sweeper: Sweeper = {
      workerId: () => this.workerId,
      capacity: () => this.capacity,
      isPushed: () => this.isPushed(),
      driveAll: claimed => this.driveAll(claimed),
      freed: () => this.freed(),
    };
    const { sweepMs } = this.options;
    const { services } = this.handlers;
    return new Sweep({ sweepMs, services }, sweeper, this.slots, this.store, this.env);
  }

  /** Whether a server announces what is ready, also for other processes. */
  private isPushed(): boolean {
    const { kind, connected } = this.transport.health();
    return kind !== 'local' && connected;
  }

  private async driveAll(claimed: readonly Claimed[]): Promise<void> {
    const unread = claimed.filter(one => !this.driveKnown(one));
    await Promise.all(unread.map(one => this.resume(one)));
  }

  /** Drives an invocation of which nothing has to be read; whether it is one. */
  private driveKnown(claimed: Claimed): boolean {
    const known = this.restore.known(claimed);
    if (known) this.drive(claimed, known);
    return known !== undefined;
  }

  private async adoptLater(claimed: Claimed, slot: true | Promise<boolean>): Promise<void> {
    const { invocationId } = claimed.lease;
    this.wakes.keep(invocationId);
    if (!(await slot)) this.refuse(claimed, 0);
    else if (!this.driveKnown(claimed)) await this.resume(claimed);
    this.wakes.bring(invocationId);
    this.slots.release(1);
    this.freed();
  }

  /** Drives an invocation with what the store has of it. */
  private async resume(claimed: Claimed): Promise<void> {
    try {
      const { lease, service, handler } = claimed;
      await this.wakes.during(lease.invocationId, async () => {
        if (!(await enters(claimed, this.handlers.find(service, handler), this.store))) return;
        this.drive(claimed, await this.restore.of(claimed));
      });
    } catch (error) {
      this.env.logger.warn(`${claimed.lease.invocationId} could not be read: ${String(error)}`);
      this.refuse(claimed, UNREAD_PAUSE_MS);
    }
  }

  private refuse(claimed: Claimed, dueInMs: number): void {
    if (this.state !== 'dead') this.giveBack.due(claimed, dueInMs);
  }

  private drive(claimed: Claimed, restored: Restored): void {
    if (this.state === 'dead') return;
    const definition = this.handlers.find(claimed.service, claimed.handler);
    if (!definition || !fits(claimed, definition)) return this.giveBack.unknown(claimed);
    // It was on its way when the drain began.
    if (this.state === 'draining') return this.giveBack.due(claimed, 0);
    if (this.quarantine.refuses(claimed)) return this.giveBack.due(claimed, QUARANTINE_PAUSE_MS);
    const id = claimed.lease.invocationId;
    const attempt = new Attempt(claimed, restored, definition, this.env);
    this.quarantine.enter(claimed, attempt);
    // An attempt of a lost lease may still be in its last moments under the same id.
    this.attempts.get(id)?.lose();
    this.attempts.set(id, attempt);
    attempt.onWaiting = waits => this.resides(attempt, waits);
    attempt.onEnd = end => this.finished(id, attempt, claimed, end);
    attempt.start();
  }

  /** An attempt begins to do nothing but wait, or goes on. */
  private resides(attempt: Attempt, waits: boolean): void {
    if (!waits) return this.residents.delete(attempt);
    this.residents.add(attempt);
    this.sweep.goOn();
    this.freed();
  }

  private finished(id: string, attempt: Attempt, claimed: Claimed, end: Transition | undefined): void {
    if (this.attempts.get(id) === attempt) this.attempts.delete(id);
    this.residents.delete(attempt);
    this.quarantine.leave(attempt);
    this.announcer.ended(claimed, end);
    this.sweep.goOn();
    this.freed();
  }

  /** What it has is not its own any more. */
  private lose(): void {
    // First: the slots that come free are for nobody.
    this.slots.giveUp();
    this.each(attempt => attempt.lose());
  }

  private each(act: (attempt: Attempt) => void): void {
    for (const attempt of [...this.attempts.values()]) act(attempt);
  }
}
