import { AsyncResource } from 'node:async_hooks';
import type { Outcome, Signature } from '../engine/entry.js';
import type { Replay } from '../engine/replay.js';
import { inNextTurn } from './turns.js';

/** An outcome that is ready to be given to user code. */
export interface Ready extends Signature {
  readonly index: number;
  readonly calledAfter: number;
  readonly outcome: Outcome;
  /** Encoded value or error. */
  readonly value: string;
  readonly tries: number;
  readonly durationMs: number | null;
  /** Signal that it takes out of the inbox. */
  readonly signalId?: string;
}

/** What the attempt does at the deliverer's word. */
export interface DeliveryTarget {
  /** Records a live delivery. Called before user code sees it. */
  record(ready: Ready, seq: number): void;
  decode(outcome: Outcome, value: string, index: number): unknown;
  /** A recorded value cannot be read. */
  corrupt(error: unknown): void;
  /** Nothing can be delivered now; user code has taken what there was. */
  quiet(): void;
}

/** A promise that user code awaits. */
class Waiter {
  resolve: (value: unknown) => void = () => undefined;
  private refuse: (error: unknown) => void = () => undefined;
  readonly promise = new Promise<unknown>((resolve, reject) => {
    this.resolve = resolve;
    this.refuse = reject;
  });

  reject(error: unknown): void {
    // A rejection that nobody awaits is the handler's business; it must never end the process.
    this.promise.catch(() => undefined);
    this.refuse(error);
  }
}

/**
 * Gives outcomes to user code: one at a time, each after the microtasks of the one before have drained, live
 * and on replay alike (R2, R3). So native promise combinators see the same order on every replay.
 */
export class Deliveries {
  private readonly waiters = new Map<number, Waiter>();
  private readonly ready: Ready[] = [];
  private whenLive: (() => void)[] = [];
  private ticking = false;
  private closed = false;
  private readonly turns: TurnWatch | undefined;

  /** @param watch whether to know if calls follow from deliveries */
  constructor(
    private readonly replay: Replay,
    private readonly target: DeliveryTarget,
    watch = false,
  ) {
    this.turns = watch ? new TurnWatch() : undefined;
  }

  /** How many operations wait for their outcome. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Whether an outcome is on its way to user code. */
  get busy(): boolean {
    return this.ticking;
  }

  /** Whether a call that is made now follows from what was delivered, and from nothing else. */
  get inTurn(): boolean {
    return this.turns?.inTurn() ?? true;
  }

  /** The promise that user code awaits for an operation. */
  expect(index: number): Promise<unknown> {
    const waiter = new Waiter();
    this.waiters.set(index, waiter);
    this.tick();
    return waiter.promise;
  }

  /** Queues a live outcome behind the recorded ones. */
  add(ready: Ready): void {
    this.ready.push(ready);
    this.tick();
  }

  /** Whether a live outcome of an operation is on its way to user code. */
  isReady(index: number): boolean {
    return this.ready.some(ready => ready.index === index);
  }

  /** Gives no outcome for an operation: user code has turned away from it. Live outcomes that were ready are dropped. */
  withdraw(index: number): void {
    this.waiters.delete(index);
    const at = this.ready.findIndex(ready => ready.index === index);
    if (at >= 0) this.ready.splice(at, 1);
  }

  /** Calls `start` once the last recorded delivery is made (R4). */
  afterReplay(start: () => void): void {
    if (!this.replay.isReplaying) return start();
    // Later, but with the context of the call: what the application keeps in async storages stays.
    this.whenLive.push(AsyncResource.bind(start));
  }

  /** Wakes the deliverer: something may have become deliverable, or nothing may be left. */
  tick(): void {
    if (this.ticking || this.closed) return;
    this.ticking = true;
    inNextTurn(this.turn);
  }

  /**
   * Gives nothing more: what user code still awaits never settles, and is garbage with it.
   * @returns live outcomes that were ready and are not given any more
   */
  close(): readonly Ready[] {
    this.closed = true;
    this.waiters.clear();
    this.whenLive = [];
    return this.ready.splice(0);
  }

  private readonly turn = (): void => {
    this.ticking = false;
    if (this.closed) return;
    if (this.replay.isReplaying ? this.deliverRecorded() : this.deliverLive()) this.tick();
    else this.target.quiet();
  };

  private deliverRecorded(): boolean {
    const entry = this.replay.next;
    if (!entry || !this.replay.wasCalled(entry.index)) return false;
    this.replay.deliver();
    this.give(entry.index, entry.outcome as Outcome, entry.value as string);
    return true;
  }

  private deliverLive(): boolean {
    // Operations called during replay start now, and not earlier in the turn of the last recorded delivery.
    const starts = this.whenLive;
    this.whenLive = [];
    for (const start of starts) start();
    const ready = this.ready.shift();
    if (!ready) return starts.length > 0;
    this.target.record(ready, this.replay.deliver());
    this.give(ready.index, ready.outcome, ready.value);
    return true;
  }

  private give(index: number, outcome: Outcome, encoded: string): void {
    const waiter = this.waiters.get(index);
    this.waiters.delete(index);
    this.turns?.begin();
    try {
      const value = this.target.decode(outcome, encoded, index);
      if (outcome === 'ok') waiter?.resolve(value);
      else waiter?.reject(value);
    } catch (error) {
      this.target.corrupt(error);
    }
  }
}

/**
 * Knows whether user code runs because of a delivery: until the microtasks that follow one have drained. Before its
 * first durable call it may have done anything.
 */
class TurnWatch {
  private open = true;
  private started = false;

  begin(): void {
    this.open = true;
    this.closeAfterTurn();
  }

  inTurn(): boolean {
    const { open } = this;
    if (!this.started) this.closeAfterTurn();
    this.started = true;
    return open;
  }

  private readonly close = (): void => {
    this.open = false;
  };

  private closeAfterTurn(): void {
    inNextTurn(this.close);
  }
}
