import type {
  Batch,
  BatchResult,
  EntryWrite,
  NewInvocation,
  Store,
  Transition,
  WriteResult,
} from '../ports/store.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { AcceptTimeoutError } from '../errors/index.js';

/** One write that waits for its commit. */
type Item =
  | { readonly kind: 'accept'; readonly write: NewInvocation; readonly key: string; readonly done: Done }
  | { readonly kind: 'entry'; readonly write: EntryWrite; readonly key: string; readonly done: Done }
  | { readonly kind: 'transition'; readonly write: Transition; readonly key: string; readonly done: Done };

interface Done {
  resolve(result: WriteResult): void;
  reject(error: unknown): void;
  /** When the writer stops trying, by the monotonic clock; `undefined`: never, the write matters to a lease. */
  readonly deadline: number | undefined;
}

export interface WriterOptions {
  /** Batches under way at once; writes of one invocation always keep their order. */
  readonly lanes: number;
  /** Milliseconds after which an accept is refused while the store is away. */
  readonly acceptTimeoutMs: number;
}

const MAX_BATCH = 500;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Group commit: what many invocations want to write in the same moment becomes one batch.
 *
 * W1. Writes of one invocation are committed in the order in which they were asked for.
 * W2. A batch has one write per entry and one transition per invocation; a later one waits for the next batch.
 * W3. While the store is away a batch is tried again; the store's idempotence makes that safe.
 * W4. A write that the store refuses for itself fails alone: its batch is split until it is found.
 */
export class Writer {
  private readonly lanes: Lane[];

  constructor(store: Store, options: WriterOptions, clock: Clock, logger: Logger) {
    this.lanes = Array.from({ length: options.lanes }, () => new Lane(store, clock, logger));
    this.acceptTimeoutMs = options.acceptTimeoutMs;
    this.clock = clock;
  }

  private readonly acceptTimeoutMs: number;
  private readonly clock: Clock;

  accept(write: NewInvocation): Promise<'ok' | 'duplicate'> {
    const deadline = this.clock.monotonic() + this.acceptTimeoutMs;
    return this.add(write.id, deadline, done => ({ kind: 'accept', write, key: write.id, done })) as Promise<
      'ok' | 'duplicate'
    >;
  }

  entry(write: EntryWrite): Promise<WriteResult> {
    const id = write.lease.invocationId;
    return this.add(id, undefined, done => ({ kind: 'entry', write, key: `${id}/${write.index}`, done }));
  }

  transition(write: Transition): Promise<WriteResult> {
    const id = write.lease.invocationId;
    return this.add(id, undefined, done => ({ kind: 'transition', write, key: id, done }));
  }

  /** Resolves when nothing waits for a commit. */
  async idle(): Promise<void> {
    await Promise.all(this.lanes.map(lane => lane.idle()));
  }

  private add(id: string, deadline: number | undefined, item: (done: Done) => Item): Promise<WriteResult> {
    return new Promise((resolve, reject) => this.lane(id).push(item({ resolve, reject, deadline })));
  }

  private lane(id: string): Lane {
    const lanes = this.lanes.length;
    // The last digits of an id are random, in every version of UUID.
    const at = lanes === 1 ? 0 : parseInt(id.slice(-6), 16) % lanes;
    return this.lanes[at] as Lane;
  }
}

/** One queue of writes with one batch under way. */
class Lane {
  private queue: Item[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  push(item: Item): void {
    this.queue.push(item);
    this.running ??= this.run();
  }

  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // Everything that this turn of the event loop still asks for joins the batch.
    await nextTurn();
    while (this.queue.length > 0) {
      const { batch, rest } = split(this.queue);
      this.queue = rest;
      await this.flush(batch);
    }
    this.running = undefined;
  }

  private async flush(items: readonly Item[]): Promise<void> {
    let waiting = items;
    for (let pause = FIRST_PAUSE_MS; waiting.length > 0; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        settle(waiting, await this.store.commit(toBatch(waiting)));
        return;
      } catch (error) {
        if (!this.store.isTransient(error)) return this.isolate(waiting, error);
        this.logger.warn(`${waiting.length} writes wait for the store: ${String(error)}`);
        waiting = this.refuseExpired(waiting, error);
        await new Promise<void>(resolve => this.clock.after(pause, resolve));
      }
    }
  }

  /** W4: halves a refused batch until the write that cannot be made stands alone. */
  private async isolate(items: readonly Item[], error: unknown): Promise<void> {
    const [only] = items;
    if (items.length === 1) return only?.done.reject(error);
    const middle = items.length >> 1;
    await this.flush(items.slice(0, middle));
    await this.flush(items.slice(middle));
  }

  private refuseExpired(items: readonly Item[], cause: unknown): readonly Item[] {
    const now = this.clock.monotonic();
    return items.filter(item => {
      const { deadline } = item.done;
      if (deadline === undefined || now < deadline) return true;
      item.done.reject(new AcceptTimeoutError(item.key, { cause }));
      return false;
    });
  }
}

/** The longest prefix of a queue that one batch may hold (W2). */
function split(queue: readonly Item[]): { batch: Item[]; rest: Item[] } {
  const entries = new Set<string>();
  const invocations = new Set<string>();
  let end = 0;
  for (const item of queue.slice(0, MAX_BATCH)) {
    const seen = item.kind === 'entry' ? entries : invocations;
    const closed = item.kind === 'entry' && invocations.has(item.write.lease.invocationId);
    if (closed || seen.has(item.key)) break;
    seen.add(item.key);
    end++;
  }
  return { batch: queue.slice(0, end), rest: queue.slice(end) };
}

function toBatch(items: readonly Item[]): Batch {
  const batch = {
    accepts: [] as NewInvocation[],
    entries: [] as EntryWrite[],
    transitions: [] as Transition[],
  };
  for (const item of items) {
    if (item.kind === 'accept') batch.accepts.push(item.write);
    else if (item.kind === 'entry') batch.entries.push(item.write);
    else batch.transitions.push(item.write);
  }
  return batch;
}

function settle(items: readonly Item[], result: BatchResult): void {
  const next = { accept: 0, entry: 0, transition: 0 };
  const results = { accept: result.accepts, entry: result.entries, transition: result.transitions };
  for (const { kind, done } of items) done.resolve(results[kind][next[kind]++] as WriteResult);
}

/** Resolves on the next turn of the event loop, when the microtasks of this one are through. */
function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
