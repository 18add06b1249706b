import { CancelledError, DeadlineExceededError } from '../errors/index.js';
import type { Clock } from '../ports/clock.js';
import type { ErrorCodec } from '../ports/codec.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';
import type { Messenger } from './messenger.js';
import { Periodic } from './periodic.js';

export interface DeadlineParts {
  readonly store: Store;
  readonly messenger: Messenger;
  readonly errors: ErrorCodec;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LIMIT = 500;

/**
 * Asks invocations to end whose deadline is past. Every worker looks for them when it expects one to be, and knows from
 * each look when to look again; which of them asks is decided by the store.
 */
export class Deadlines {
  private readonly search: Periodic;

  constructor(private readonly parts: DeadlineParts) {
    const { clock, logger } = parts;
    this.search = new Periodic('search for deadlines', Infinity, () => this.look(), clock, logger);
  }

  start(): void {
    this.search.start();
  }

  stop(): Promise<void> {
    return this.search.stop();
  }

  /** A deadline will be past in so many milliseconds. */
  expect(inMs: number): void {
    this.search.soon(inMs);
  }

  private async look(): Promise<void> {
    const { ids, nextMs } = await this.parts.store.overdue(LIMIT);
    // In an order of its own, so that many workers that look at the same time do not wait for each other at each one.
    const first = Math.floor(Math.random() * ids.length);
    for (const id of [...ids.slice(first), ...ids.slice(0, first)]) await this.expire(id);
    if (nextMs !== undefined) this.expect(nextMs);
    else if (ids.length > 0) this.expect(0);
  }

  private async expire(id: string): Promise<void> {
    const { store, messenger, errors, logger } = this.parts;
    const errorOf = (one: string): string =>
      errors.encode(one === id ? new DeadlineExceededError(id) : new CancelledError(one));
    try {
      messenger.controlled(await store.expire(id, errorOf));
    } catch (error) {
      logger.warn(`the deadline of invocation ${id} is left to the next look: ${String(error)}`);
    }
  }
}
