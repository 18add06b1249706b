import { eventInvocationId } from '../codec/identity.js';
import { IdempotencyConflictError } from '../errors/index.js';
import type { Codec } from '../ports/codec.js';
import { ANY_EVENT, type Publication, type Published, type Subscription } from '../ports/events.js';
import type { AcceptResult, ParentRef, Store } from '../ports/store.js';
import type { OpenTransaction } from '../ports/transactions.js';
import type { Accepted, Acceptor, Asked } from './acceptor.js';
import { Batched } from './batched.js';

export interface EventPublisherParts {
  readonly store: Store;
  readonly acceptor: Acceptor;
  readonly codec: Codec;
}

/**
 * Publishes events: asks who has subscribed, and accepts one invocation for each of them.
 *
 * Who has subscribed is asked just before the commit, and never remembered: a handler is found from the moment on at
 * which its worker has started. What is published in one turn of the event loop is asked for together.
 */
export class EventPublisher {
  private readonly subscribers: Batched<string, readonly Subscription[]>;

  constructor(private readonly parts: EventPublisherParts) {
    this.subscribers = new Batched(events => this.lookUp(events));
  }

  /** Validates and encodes an event: what each of its handlers is to be given. */
  prepare(event: Publication, id: string): Promise<string> {
    return event.prepare(id, args => this.parts.codec.encode(args));
  }

  /** What an event asks for, of those that have subscribed by now. */
  async asked(event: string, id: string, input: string, parent: ParentRef | null): Promise<Asked[]> {
    return askedOf(await this.subscribers.get(event), event, id, input, parent);
  }

  /**
   * Publishes for a client: in one commit, or with the transaction of the application that is open.
   * @param id the event's own
   * @throws IdempotencyConflictError if another event has it
   */
  async publish(event: Publication, id: string, transaction?: OpenTransaction): Promise<Published> {
    const input = await this.prepare(event, id);
    const asked = transaction
      ? askedOf(subscribedTo(event.name, await transaction.subscribers([event.name])), event.name, id, input)
      : await this.asked(event.name, id, input, null);
    const { acceptor } = this.parts;
    const results = transaction
      ? await acceptor.join(asked, transaction)
      : resultsOf(await acceptor.acceptAll(asked, { isFresh: event.id === undefined }));
    if (event.id !== undefined) await this.assertSame(event.id, asked, results, transaction);
    return published(id, asked);
  }

  /** @throws IdempotencyConflictError if what was here before was asked for by another event of the same id */
  async assertSame(
    id: string,
    asked: readonly Asked[],
    results: readonly AcceptResult[],
    where?: OpenTransaction,
  ): Promise<void> {
    // All were given the same: one speaks for all.
    const known = asked.find((_, at) => results[at] === 'duplicate');
    if (known && (await this.parts.acceptor.compare(known, where)) === 'other')
      throw new IdempotencyConflictError(id, known.id);
  }

  private async lookUp(events: readonly string[]): Promise<(readonly Subscription[])[]> {
    const found = await this.parts.store.subscribers([...new Set(events)]);
    return events.map(event => subscribedTo(event, found));
  }
}

/** Those of an event. Versions of an application may have subscribed the same handler to it and to all. */
function subscribedTo(event: string, found: readonly Subscription[]): Subscription[] {
  const own = found.filter(one => one.event === event || one.event === ANY_EVENT);
  return [...new Map(own.map(one => [`${one.service}/${one.handler}`, one])).values()];
}

function askedOf(
  subscriptions: readonly Subscription[],
  event: string,
  id: string,
  input: string,
  parent: ParentRef | null = null,
): Asked[] {
  return subscriptions.map(({ service, handler }) => ({
    id: eventInvocationId(event, id, service, handler),
    service,
    handler,
    input,
    delayMs: 0,
    at: null,
    deadline: null,
    parent,
    object: null,
    exclusive: false,
  }));
}

/** What became of what was accepted. */
export function resultsOf(accepted: readonly Accepted[]): AcceptResult[] {
  return accepted.map(({ result }) => result);
}

/** What is told of an event that was accepted. */
export function published(id: string, asked: readonly Asked[]): Published {
  return { id, invocations: asked.map(one => one.id) };
}
