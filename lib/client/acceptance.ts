import { isDeepStrictEqual } from 'node:util';
import { IdempotencyConflictError } from '../errors/index.js';
import type { LocalWorker } from '../ports/local-worker.js';
import type { NewInvocation } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import { freshId, keyedId } from './identity.js';
import type { Acquaintance } from './outcomes.js';
import type { Target } from './target.js';

/** When and as what an invocation is to be accepted, validated. */
export interface AcceptOptions {
  readonly idempotencyKey: string | undefined;
  readonly delayMs: number;
  readonly at: Date | undefined;
}

/** An accepted invocation, and how this process knows it. */
export interface Accepted {
  readonly id: string;
  readonly acquaintance: Acquaintance;
}

/**
 * Accepts invocations: once it resolves, the row is committed.
 *
 * When the worker of this process has a free slot, the invocation is born leased to it: no claim, no dispatch.
 */
export class Acceptance {
  constructor(private readonly backend: Backend) {}

  /** @throws IdempotencyConflictError, UnserialisableValueError, PayloadTooLargeError, and what a pipe throws */
  async accept(target: Target, args: readonly unknown[], options: AcceptOptions): Promise<Accepted> {
    const { service, handler } = target;
    const { idempotencyKey: key, delayMs, at } = options;
    // Before anything is waited for: what the caller does with the arguments after the call is not ours.
    const input = this.backend.codec.encode(args);
    await target.admit?.(args);
    const id = key === undefined ? freshId() : keyedId(service, handler, key);
    const write = {
      id,
      service,
      handler,
      input,
      origin: this.backend.origin,
      delayMs,
      at: at ? notBefore1970(at) : null,
    };
    const worker = this.backend.local.worker;
    const born = delayMs === 0 && at === undefined && worker.reserve();
    return born ? this.acceptBorn(write, worker, key) : this.acceptDue(write, key);
  }

  private async acceptBorn(
    write: Omit<NewInvocation, 'owner'>,
    worker: LocalWorker,
    key: string | undefined,
  ): Promise<Accepted> {
    const { id, service, handler, input, origin } = write;
    let isNew = false;
    try {
      const result = await this.backend.writer.accept({ ...write, owner: worker.workerId });
      // A fresh id that was there before is our own: the answer to its commit was lost.
      isNew = result === 'ok' || key === undefined;
    } finally {
      if (!isNew) worker.adopt(undefined);
    }
    if (!isNew) return this.existing(write, key);
    const wait = this.backend.results.watch(id);
    const lease = { invocationId: id, epoch: 1 };
    worker.adopt({
      lease,
      service,
      handler,
      input,
      origin,
      failedAttempts: 0,
      deaths: 0,
      createdAt: new Date(),
    });
    return { id, acquaintance: { kind: 'driven', wait } };
  }

  private async acceptDue(write: Omit<NewInvocation, 'owner'>, key: string | undefined): Promise<Accepted> {
    const result = await this.backend.writer.accept({ ...write, owner: null });
    if (result === 'duplicate' && key !== undefined) return this.existing(write, key);
    const { id, service, delayMs, at } = write;
    // A hint only: what comes too early is told when to come again, by the database's clock.
    const dueInMs = at ? Math.max(0, at.getTime() - Date.now()) : delayMs;
    if (dueInMs > 0) this.backend.transport.due([{ id, service, dueInMs }]);
    else this.backend.transport.ready([{ id, service }]);
    // A duplicate is our own: the answer to its commit was lost, who knows how long ago.
    const acquaintance = { kind: 'own' as const, isFresh: result === 'ok' };
    setImmediate(() => (acquaintance.isFresh = false));
    return { id, acquaintance };
  }

  /** The invocation that has the key already: the same request, or a conflict. */
  private async existing(write: Omit<NewInvocation, 'owner'>, key = ''): Promise<Accepted> {
    const { store, codec } = this.backend;
    const found = await store.find(write.id);
    const same =
      found &&
      (found.input === write.input ||
        isDeepStrictEqual(codec.decode(found.input), codec.decode(write.input)));
    if (!same) throw new IdempotencyConflictError(key, write.id);
    // Another process may have accepted it: its outcome is announced there.
    return { id: write.id, acquaintance: { kind: 'foreign' } };
  }
}

/** Whatever is that long ago is due at once; years before Christ would have to be written in another way. */
function notBefore1970(at: Date): Date {
  return new Date(Math.max(0, at.getTime()));
}
