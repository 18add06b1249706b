import { TransportClosedError } from '../../errors/transport.errors.js';
import type { Cancel, Clock } from '../../ports/clock.js';
import type { Logger } from '../../ports/logger.js';
import type { DueHint, Hint } from '../../ports/store.js';
import type { Consumer, Intake, Transport, TransportHealth } from '../../ports/transport.js';
import { DueHeap } from './due-heap.js';
import { Fifo } from './fifo.js';
import { LocalConsumer } from './local-consumer.js';

/** What the local transport is made of. */
export interface LocalTransportOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ids that may wait per service, and due ids altogether; beyond it they are left to the sweep. @default 100000 */
  readonly bound?: number;
}

type NewsListener = (ids: readonly string[]) => void;

const BOUND = 100_000;

/** The transport within one process: no server, nothing to lose but what the process itself would lose. */
export class LocalTransport implements Transport {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #bound: number;
  readonly #queues = new Map<string, Fifo>();
  readonly #consumers = new Set<LocalConsumer>();
  readonly #due = new DueHeap();
  readonly #listeners = new Map<string, Set<NewsListener>>();
  #finished = new Map<string, string[]>();
  #wake: { readonly at: number; readonly cancel: Cancel } | undefined;
  #dueRefused = false;
  #scheduled = false;
  #closing: Promise<void> | undefined;

  constructor({ clock, logger, bound = BOUND }: LocalTransportOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#bound = bound;
  }

  ready(hints: readonly Hint[]): void {
    if (this.#closing) return;
    for (const { service, id } of hints) this.#queueOf(service).push(id);
    this.#schedule();
  }

  due(hints: readonly DueHint[]): void {
    if (this.#closing) return;
    const now = this.#clock.monotonic();
    for (const { service, id, dueInMs } of hints) {
      if (dueInMs <= 0) this.#queueOf(service).push(id);
      else if (this.#due.size < this.#bound) this.#due.add({ service, id, at: now + dueInMs });
      else this.#dueRefused = true;
    }
    this.#arm();
    this.#schedule();
  }

  tell(origin: string, ids: readonly string[]): void {
    if (this.#closing || !this.#listeners.has(origin)) return;
    this.#finished.set(origin, (this.#finished.get(origin) ?? []).concat(ids));
    this.#schedule();
  }

  async consume(intake: Intake): Promise<Consumer> {
    if (this.#closing) throw new TransportClosedError('bring work');
    const consumer: LocalConsumer = new LocalConsumer(
      intake,
      service => this.#queueOf(service),
      () => this.#schedule(),
      () => this.#consumers.delete(consumer),
      this.#logger,
    );
    this.#consumers.add(consumer);
    this.#schedule();
    return consumer;
  }

  async onNews(origin: string, listener: NewsListener): Promise<() => Promise<void>> {
    if (this.#closing) throw new TransportClosedError('listen for results');
    const own: NewsListener = ids => listener(ids);
    const listeners = this.#listeners.get(origin) ?? new Set();
    this.#listeners.set(origin, listeners.add(own));
    return async () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(origin) === listeners) this.#listeners.delete(origin);
    };
  }

  health(): TransportHealth {
    return { kind: 'local', connected: !this.#closing };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#wake?.cancel();
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()));
    this.#listeners.clear();
    this.#queues.clear();
  }

  #queueOf(service: string): Fifo {
    const known = this.#queues.get(service);
    if (known) return known;
    const queue = new Fifo(this.#bound);
    this.#queues.set(service, queue);
    return queue;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  /** What happens at most once in a turn of the event loop. */
  #turn(): void {
    this.#scheduled = false;
    this.#tellFinished();
    for (const consumer of [...this.#consumers]) {
      consumer.pump();
      consumer.settle();
      if (this.#dueRefused) consumer.lost();
    }
    if (this.#consumers.size > 0) this.#dueRefused = false;
  }

  #tellFinished(): void {
    const finished = this.#finished;
    this.#finished = new Map();
    for (const [origin, ids] of finished) {
      for (const listener of [...(this.#listeners.get(origin) ?? [])]) this.#tell(listener, ids);
    }
  }

  #tell(listener: NewsListener, ids: readonly string[]): void {
    try {
      listener(ids);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error(`A listener for results failed: ${reason}`);
    }
  }

  /** One timer, for what is due first. */
  #arm(): void {
    const at = this.#due.next;
    if (at === undefined || (this.#wake && this.#wake.at <= at)) return;
    this.#wake?.cancel();
    const cancel = this.#clock.after(at - this.#clock.monotonic(), () => this.#ring());
    this.#wake = { at, cancel };
  }

  #ring(): void {
    this.#wake = undefined;
    for (const { service, id } of this.#due.takeDue(this.#clock.monotonic())) this.#queueOf(service).push(id);
    this.#arm();
    this.#schedule();
  }
}
