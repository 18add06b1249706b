import type {
  AcceptResult,
  Arrival,
  ArrivalResult,
  EntryWrite,
  NewInvocation,
  News,
  Store,
  Transition,
  WriteResult,
} from '../ports/store.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { AcceptTimeoutError } from '../errors/index.js';
import { isOverWithin } from './within.js';
import {
  type Done,
  invocationOf,
  isDelivery,
  MAX_BATCH,
  middleOf,
  nextBatch,
  settle,
  toBatch,
  type WriteItem,
} from './write-queue.js';

export interface WriterOptions {
  /** Batches under way at once; writes of one invocation always keep their order. */
  readonly lanes: number;
  /** Milliseconds after which an accept is refused while the store is away. */
  readonly acceptTimeoutMs: number;
  /** The most writes of a batch, asked for each one; what belongs together stays together. @default 500 */
  readonly largestBatch?: () => number;
}

/** Turns of the event loop that a batch under load waits for, as long as they bring something. */
const GATHERED_TURNS = 2;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Group commit: what many invocations want to write in the same moment becomes one batch.
 *
 * W1. Writes of one invocation are committed in the order in which they were asked for.
 * W2. A batch touches no row in two ways (see `Batch`); what would waits for the next one.
 * W3. While the store is away a batch is tried again; the store's idempotence makes that safe.
 * W4. A write that the store refuses for itself fails alone: its batch is split until it is found.
 * W5. An accept under an id that others may use, too, may have to wait for their transaction: such accepts have a lane
 *     of their own, and no other write waits behind them.
 */
export class Writer {
  /** Told what each commit means for others. */
  onNews: (news: News) => void = () => undefined;
  private readonly lanes: Lane[];
  private readonly shared: Lane;
  private readonly acceptTimeoutMs: number;
  private readonly clock: Clock;

  constructor(store: Store, options: WriterOptions, clock: Clock, logger: Logger) {
    const tell = (news: News): void => this.onNews(news);
    const { lanes, largestBatch = () => MAX_BATCH } = options;
    const lane = (): Lane => new Lane(store, tell, clock, logger, largestBatch);
    this.lanes = Array.from({ length: lanes }, lane);
    this.shared = lane();
    this.acceptTimeoutMs = options.acceptTimeoutMs;
    this.clock = clock;
  }

  /**
   * Accepts an invocation; with it, in one commit, goes the entry of the caller that waits for it. What an invocation
   * asks for keeps its place among its other writes (W1).
   *
   * @param group those that are committed together: the same `lane` for all, `more` for all but the last, one after the
   *   other
   * @param isFresh whether nobody else can be accepting under this id
   */
  accept(write: NewInvocation, isFresh: boolean, entry?: EntryWrite, group?: AcceptGroup): Accepting {
    const { parent } = write;
    // A client gives up after a while; a handler goes on once the store is back.
    const deadline = parent ? undefined : this.clock.monotonic() + this.acceptTimeoutMs;
    const lane =
      parent || isFresh ? this.lane(parent?.lease.invocationId ?? group?.lane ?? write.id) : this.shared;
    const joined = entry !== undefined || group?.more === true;
    const result = new Promise<AcceptResult>((resolve, reject) =>
      lane.push({ kind: 'accept', write, deadline, joined, done: { resolve, reject } }),
    );
    return { result, entry: entry && this.entry(entry) };
  }

  entry(write: EntryWrite): Promise<WriteResult> {
    return new Promise((resolve, reject) => this.addEntry(write, { resolve, reject }));
  }

  /** As {@link entry}, without the cost of a promise. */
  addEntry(write: EntryWrite, done: Done<WriteResult>): void {
    this.lane(write.lease.invocationId).push({ kind: 'entry', write, done });
  }

  transition(write: Transition): Promise<WriteResult> {
    return new Promise((resolve, reject) =>
      this.lane(write.lease.invocationId).push({ kind: 'transition', write, done: { resolve, reject } }),
    );
  }

  /** Brings something to an invocation from outside. */
  arrive(write: Arrival): Promise<ArrivalResult> {
    const id = write.kind === 'signal' ? write.invocationId : write.entry.invocationId;
    const deadline = this.clock.monotonic() + this.acceptTimeoutMs;
    return new Promise((resolve, reject) =>
      this.lane(id).push({ kind: 'arrival', write, deadline, done: { resolve, reject } }),
    );
  }

  /** Resolves when nothing that was asked for until now waits for a commit. */
  async idle(): Promise<void> {
    await Promise.all(this.all.map(lane => lane.idle()));
  }

  /** Resolves when nothing waits for a commit any more, or after so many milliseconds: what the store did not take by then is given up. */
  async end(ms: number): Promise<void> {
    if (!(await isOverWithin(this.clock, ms, this.idle()))) for (const lane of this.all) lane.giveUp();
  }

  private get all(): readonly Lane[] {
    return [...this.lanes, this.shared];
  }

  private lane(id: string): Lane {
    const lanes = this.lanes.length;
    // The last digits of an id are random, in every version of UUID.
    const at = lanes === 1 ? 0 : parseInt(id.slice(-6), 16) % lanes;
    return this.lanes[at] as Lane;
  }
}

/** Where an accept stands among those that it is committed with. */
export interface AcceptGroup {
  readonly lane: string;
  readonly more: boolean;
}

/** What will become of an accept, and of the entry that goes with it. */
export interface Accepting {
  readonly result: Promise<AcceptResult>;
  readonly entry: Promise<WriteResult> | undefined;
}

/** One queue of writes with one batch under way. */
class Lane {
  private queue: WriteItem[] = [];
  private isRunning = false;
  private hasGivenUp = false;
  /** How many writes were asked for, and how many of them are through. */
  private asked = 0;
  private through = 0;
  private readonly waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(
    private readonly store: Store,
    private readonly tell: (news: News) => void,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly largestBatch: () => number,
  ) {}

  push(item: WriteItem): void {
    this.asked++;
    this.queue.push(item);
    if (!this.isRunning) void this.run();
  }

  /** Resolves when what was asked for until now is through. */
  idle(): Promise<void> {
    const count = this.asked;
    if (this.through === count) return Promise.resolve();
    return new Promise(resolve => this.waiting.push({ count, resolve }));
  }

  /** Tries nothing again from now on. */
  giveUp(): void {
    this.hasGivenUp = true;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // Everything that this turn of the event loop still asks for joins the batch.
    await nextTurn();
    for (let turns = GATHERED_TURNS; this.queue.length > 0; turns = 0) {
      await this.gather(turns);
      const { batch, rest } = nextBatch(this.queue, this.largestBatch());
      this.queue = rest;
      await this.flush(batch);
      this.through += batch.length;
      while ((this.waiting[0]?.count ?? Infinity) <= this.through) this.waiting.shift()?.resolve();
    }
    this.isRunning = false;
  }

  /**
   * What was asked for during a commit waits for what the next turns of the event loop bring, as long as that is more:
   * those whose commit it was are about to ask, too.
   *
   * One attempt delivers one outcome in each turn, and nobody need wait for its commit yet: while nothing else is asked
   * for, what follows joins the batch.
   *
   * @param waited turns that it has waited for
   */
  private async gather(waited: number): Promise<void> {
    const most = this.largestBatch();
    for (let seen = 0, turns = waited; seen < this.queue.length && this.queue.length < most; turns++) {
      if (turns >= GATHERED_TURNS && !this.queue.slice(seen).every(isDelivery)) return;
      seen = this.queue.length;
      await nextTurn();
    }
  }

  private async flush(items: readonly WriteItem[]): Promise<void> {
    let waiting = items;
    for (let pause = FIRST_PAUSE_MS; waiting.length > 0; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const result = await this.store.commit(toBatch(waiting));
        this.tell(result.news);
        return settle(waiting, result);
      } catch (error) {
        if (!this.store.isTransient(error)) return this.isolate(waiting, error);
        this.logger.warn(`${waiting.length} writes wait for the store: ${String(error)}`);
        waiting = this.refuseExpired(waiting, error);
        if (this.hasGivenUp) return waiting.forEach(({ done }) => done.reject(error));
        await new Promise<void>(resolve => this.clock.after(pause, resolve));
      }
    }
  }

  /** W4: halves a refused batch until the write that cannot be made stands alone, with those that are joined to it. */
  private async isolate(items: readonly WriteItem[], error: unknown): Promise<void> {
    const middle = middleOf(items);
    if (middle === 0) return items.forEach(({ done }) => done.reject(error));
    await this.flush(items.slice(0, middle));
    await this.flush(items.slice(middle));
  }

  private refuseExpired(items: readonly WriteItem[], cause: unknown): readonly WriteItem[] {
    const now = this.clock.monotonic();
    let isLate = false;
    // Those that are joined have one fate: that of the last.
    return items
      .toReversed()
      .filter(item => {
        if (!item.joined) isLate = item.deadline !== undefined && (now >= item.deadline || this.hasGivenUp);
        if (isLate) item.done.reject(new AcceptTimeoutError(invocationOf(item), { cause }));
        return !isLate;
      })
      .reverse();
  }
}

/** Resolves on the next turn of the event loop, when the microtasks of this one are through. */
function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
