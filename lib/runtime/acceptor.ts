import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../ports/clock.js';
import type { Codec } from '../ports/codec.js';
import type { LocalWorker } from '../ports/local-worker.js';
import type { AcceptResult, EntryWrite, Moment, NewInvocation, Store, WriteResult } from '../ports/store.js';
import type { OpenTransaction, Transactions } from '../ports/transactions.js';
import type { Transport } from '../ports/transport.js';
import type { AcceptGroup, Accepting, Writer } from './writer.js';

/** An invocation that is asked for: where it will run is not its business. */
export type Asked = Omit<NewInvocation, 'owner' | 'origin'>;

export interface AcceptorParts {
  readonly origin: string;
  readonly store: Store;
  readonly writer: Writer;
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly local: { readonly worker: LocalWorker };
  readonly transactions?: Transactions | undefined;
}

export interface AcceptExtras {
  /** Entry of the caller that is committed with it. */
  readonly entry?: EntryWrite;
  /** Those that it is committed with. */
  readonly group?: AcceptGroup;
  /** Whether the id is new, so that one that was here before is our own: the answer to its commit was lost. */
  readonly isFresh?: boolean;
  /** Called before the worker of this process starts to drive it. */
  readonly onDriven?: () => void;
}

/** What became of it. */
export interface Accepted {
  readonly result: AcceptResult;
  /** Whether the worker of this process drives it. */
  readonly driven: boolean;
  /** What became of the caller's entry. */
  readonly entry: WriteResult | undefined;
}

/**
 * Accepts invocations, for clients and for handlers: once it resolves, the row is committed.
 *
 * When the worker of this process has a free slot, the invocation is born leased to it: no claim, no dispatch.
 */
export class Acceptor {
  constructor(private readonly parts: AcceptorParts) {}

  accept(asked: Asked, extras: AcceptExtras = {}): Promise<Accepted> {
    const { worker } = this.parts.local;
    this.expectDeadline(asked.deadline);
    const born = asked.delayMs === 0 && asked.at === null && worker.reserve();
    return born ? this.acceptBorn(asked, worker, extras) : this.acceptDue(asked, extras);
  }

  /** Accepts all of them in one commit. */
  acceptAll(all: readonly Asked[], extras: Pick<AcceptExtras, 'isFresh'> = {}): Promise<Accepted[]> {
    const lane = all[0]?.id ?? '';
    const accept = (asked: Asked, at: number): Promise<Accepted> =>
      this.accept(asked, { ...extras, group: { lane, more: at < all.length - 1 } });
    return Promise.all(all.map(accept));
  }

  /**
   * Accepts in a transaction of the application: committed with it, announced after its commit. Should the process end in
   * between, they are found by the sweep: they are due.
   */
  async join(asked: readonly Asked[], transaction: OpenTransaction): Promise<readonly AcceptResult[]> {
    const accepts = asked.map(one => writeOf(withoutQueueing(one), null, this.parts.origin));
    const { accepts: results } = await transaction.write({
      accepts,
      entries: [],
      transitions: [],
      arrivals: [],
    });
    const fresh = asked.filter((_, at) => results[at] === 'ok');
    transaction.afterCommit(() => {
      for (const one of fresh) this.announce(one);
      for (const { deadline } of fresh) this.expectDeadline(deadline);
    });
    return results;
  }

  /** What the invocation that had the id already is to what is asked for. */
  async compare({ id, input }: Asked, where: Pick<Store, 'find'> = this.parts.store): Promise<Comparison> {
    const { codec } = this.parts;
    const found = await where.find(id);
    if (!found) return 'gone';
    const isSame = found.input === input || isDeepStrictEqual(codec.decode(found.input), codec.decode(input));
    return isSame ? 'same' : 'other';
  }

  private expectDeadline(deadline: Moment | null): void {
    if (deadline) this.parts.local.worker.expectDeadline(this.msUntil(deadline));
  }

  private async acceptBorn(asked: Asked, worker: LocalWorker, extras: AcceptExtras): Promise<Accepted> {
    const { workerId } = worker;
    let driven = false;
    try {
      const accepting = this.write(asked, workerId, extras);
      const result = await accepting.result;
      // An exclusive one that was here before may have been queued: housekeeping finds out whose it is.
      driven = result === 'ok' || (result === 'duplicate' && extras.isFresh === true && !asked.exclusive);
      if (driven) extras.onDriven?.();
      return { result, driven, entry: accepting.entry && (await accepting.entry) };
    } finally {
      worker.adopt(driven ? this.claimed(asked) : undefined);
    }
  }

  private async acceptDue(asked: Asked, extras: AcceptExtras): Promise<Accepted> {
    const accepting = this.write(asked, null, extras);
    const result = await accepting.result;
    const isDue = result === 'ok' || (result === 'duplicate' && extras.isFresh === true);
    if (isDue) this.announce(asked);
    return { result, driven: false, entry: accepting.entry && (await accepting.entry) };
  }

  private write(
    asked: Asked,
    owner: string | null,
    { isFresh = false, entry, group }: AcceptExtras,
  ): Accepting {
    const invocation = writeOf(asked, owner, this.parts.origin);
    const accepting = this.parts.writer.accept(invocation, isFresh, entry, group);
    // Nobody asks what became of the entry once its invocation is refused.
    accepting.entry?.catch(() => undefined);
    return accepting;
  }

  private announce({ id, service, at, delayMs }: Asked): void {
    // A hint only: what comes too early is told when to come again, by the database's clock.
    const dueInMs = this.msUntil(at ? { at } : { ms: delayMs });
    if (dueInMs > 0) this.parts.transport.due([{ id, service, dueInMs }]);
    else this.parts.transport.ready([{ id, service }]);
  }

  /** By the clock of this process: for hints only. */
  private msUntil(moment: Moment): number {
    return 'at' in moment ? Math.max(0, moment.at.getTime() - this.parts.clock.now()) : moment.ms;
  }

  private claimed({ id, service, handler, input, parent, object, exclusive }: Asked) {
    const index = parent?.index ?? null;
    return {
      lease: { invocationId: id, epoch: 1 },
      service,
      handler,
      input,
      origin: this.parts.origin,
      failedAttempts: 0,
      deaths: 0,
      wakes: 0,
      parent: parent && index !== null ? { invocationId: parent.lease.invocationId, index } : null,
      object,
      entered: exclusive,
      seed: null,
      createdAt: new Date(this.parts.clock.now()),
    };
  }
}

/** Asked for in the same way, or in another; `gone`: deleted since, as too old. */
export type Comparison = 'same' | 'other' | 'gone';

/**
 * To queue for an object is to lock it, and all others that end or begin there would wait for the application. One with a
 * date queues once it is claimed, and one whose date is past is due at once.
 */
function withoutQueueing(asked: Asked): Asked {
  return asked.exclusive && asked.delayMs === 0 ? { ...asked, at: asked.at ?? new Date(0) } : asked;
}

/** Field by field: a spread of so many costs more than all else here. */
function writeOf(asked: Asked, owner: string | null, origin: string): NewInvocation {
  const { id, service, handler, input, delayMs, at, deadline, parent, object, exclusive } = asked;
  return { id, service, handler, input, delayMs, at, deadline, parent, object, exclusive, owner, origin };
}
