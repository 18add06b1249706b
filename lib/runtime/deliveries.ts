import { AsyncResource } from 'node:async_hooks';
import type { Outcome, Signature } from '../engine/entry.js';
import type { Replay } from '../engine/replay.js';

/** An outcome that is ready to be given to user code. */
export interface Ready extends Signature {
  readonly index: number;
  readonly calledAfter: number;
  readonly outcome: Outcome;
  /** Encoded value or error. */
  readonly value: string;
  readonly tries: number;
  readonly durationMs: number | null;
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

interface Waiter {
  resolve(value: unknown): void;
  reject(error: unknown): void;
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

  constructor(
    private readonly replay: Replay,
    private readonly target: DeliveryTarget,
  ) {}

  /** How many operations wait for their outcome. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Whether an outcome is on its way to user code. */
  get busy(): boolean {
    return this.ticking;
  }

  /** The promise that user code awaits for an operation. */
  expect(index: number): Promise<unknown> {
    const promise = new Promise((resolve, reject) => this.waiters.set(index, { resolve, reject }));
    // A rejection that nobody awaits is the handler's business; it must never end the process.
    promise.catch(() => undefined);
    this.tick();
    return promise;
  }

  /** Queues a live outcome behind the recorded ones. */
  add(ready: Ready): void {
    this.ready.push(ready);
    this.tick();
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
    setImmediate(this.turn);
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
    try {
      const value = this.target.decode(outcome, encoded, index);
      if (outcome === 'ok') waiter?.resolve(value);
      else waiter?.reject(value);
    } catch (error) {
      this.target.corrupt(error);
    }
  }
}
