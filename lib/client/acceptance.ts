import { keyedId, objectRef } from '../codec/identity.js';
import { IdempotencyConflictError, TransactionUnavailableError } from '../errors/index.js';
import { objectKeyFor } from '../options/object-key.js';
import type { ResolvedSendOptions } from '../options/send-options.js';
import type { Target } from '../ports/handlers.js';
import type { OpenTransaction } from '../ports/transactions.js';
import type { Asked } from '../runtime/acceptor.js';
import type { Backend } from '../runtime/backend.js';
import type { Wait } from '../runtime/results.js';
import type { Acquaintance } from './outcomes.js';

/** An accepted invocation, and how this process knows it. */
export interface Accepted {
  readonly id: string;
  readonly acquaintance: Acquaintance;
  /** The transaction that it was accepted in. */
  readonly transaction?: OpenTransaction;
}

/** Options of what is accepted, checked. */
export interface AcceptanceOptions extends ResolvedSendOptions {
  /** What the application drives the transaction by that it is to be accepted in; else the one that is open here. */
  readonly transaction?: unknown;
}

/** Accepts what clients ask for: once it resolves, the row is committed. */
export class Acceptance {
  constructor(private readonly backend: Backend) {}

  /**
   * @throws ObjectKeyError, IdempotencyConflictError, UnserialisableValueError, PayloadTooLargeError, and what a
   *   pipe throws
   */
  async accept(target: Target, args: readonly unknown[], options: AcceptanceOptions): Promise<Accepted> {
    // Before anything is waited for: what the caller does with the arguments after the call is not ours.
    const asked = this.asked(target, args, options);
    const transaction = this.transactionFor(options);
    const admitted = target.admit?.(args);
    if (admitted) await admitted;
    return await (transaction ? this.join(asked, transaction, options) : this.commit(asked, options));
  }

  private async commit(asked: Asked, options: AcceptanceOptions): Promise<Accepted> {
    const { id } = asked;
    const { idempotencyKey } = options;
    let wait: Wait | undefined;
    const { result, driven } = await this.backend.acceptor.accept(asked, {
      isFresh: idempotencyKey === undefined,
      onDriven: () => (wait = this.backend.results.watch(id)),
    });
    if (driven && wait) return { id, acquaintance: { kind: 'driven', wait } };
    if (result === 'duplicate' && idempotencyKey !== undefined) {
      if (await this.isGone(asked, idempotencyKey)) return this.commit(asked, options);
      // Another process may have accepted it: its outcome is announced there.
      return { id, acquaintance: { kind: 'foreign' } };
    }
    // A duplicate is our own: the answer to its commit was lost, who knows how long ago.
    const acquaintance = { kind: 'own' as const, isFresh: result !== 'duplicate' };
    setImmediate(() => (acquaintance.isFresh = false));
    return { id, acquaintance };
  }

  private transactionFor({ transaction }: AcceptanceOptions): OpenTransaction | undefined {
    const { transactions } = this.backend;
    if (transaction === undefined) return transactions?.current();
    if (!transactions) throw new TransactionUnavailableError('The option `transaction` of send()');
    return transactions.of(transaction);
  }

  private async join(
    asked: Asked,
    transaction: OpenTransaction,
    options: AcceptanceOptions,
  ): Promise<Accepted> {
    const { idempotencyKey } = options;
    const [result] = await this.backend.acceptor.join([asked], transaction);
    if (result === 'duplicate' && idempotencyKey !== undefined)
      if (await this.isGone(asked, idempotencyKey, transaction))
        return this.join(asked, transaction, options);
    return { id: asked.id, acquaintance: { kind: 'joined', transaction }, transaction };
  }

  /**
   * Whether what has the key already was deleted meanwhile, so that the request is a new one.
   * @throws IdempotencyConflictError if another request has it
   */
  private async isGone(asked: Asked, idempotencyKey: string, where?: OpenTransaction): Promise<boolean> {
    const known = await this.backend.acceptor.compare(asked, where);
    if (known === 'other') throw new IdempotencyConflictError(idempotencyKey, asked.id);
    return known === 'gone';
  }

  private asked(
    target: Target,
    args: readonly unknown[],
    { key: given, idempotencyKey, delayMs, at, deadline }: ResolvedSendOptions,
  ): Asked {
    const { service, handler, kind } = target;
    const key = objectKeyFor(service, kind !== 'service', given);
    return {
      id:
        idempotencyKey === undefined ? this.backend.newId() : keyedId(service, handler, idempotencyKey, key),
      service,
      handler,
      input: this.backend.codec.encode(args),
      delayMs,
      at: at ?? null,
      deadline: deadline ?? null,
      parent: null,
      object: key === undefined ? null : objectRef(service, key),
      exclusive: kind === 'exclusive',
    };
  }
}
