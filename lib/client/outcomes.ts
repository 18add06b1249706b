import { isTerminal } from '../engine/status.js';
import {
  CallInTransactionError,
  ClientClosedError,
  InvocationNotFoundError,
  ResultTimeoutError,
} from '../errors/index.js';
import type { Cancel } from '../ports/clock.js';
import type { InvocationRecord, Settled } from '../ports/store.js';
import type { OpenTransaction } from '../ports/transactions.js';
import type { Backend } from '../runtime/backend.js';
import { askPatiently } from '../runtime/patience.js';
import type { Wait } from '../runtime/results.js';

/** How this process knows an invocation. */
export type Acquaintance =
  /** It drives it: the outcome comes by itself. */
  | { readonly kind: 'driven'; readonly wait: Wait }
  /** It accepted it: the outcome is announced to it. Fresh: in this turn of the event loop, so that is to come. */
  | { readonly kind: 'own'; readonly isFresh: boolean }
  /** It asked for it in a transaction of the application, which may not be over. */
  | { readonly kind: 'joined'; readonly transaction: OpenTransaction }
  /** By its id only. */
  | { readonly kind: 'foreign' };

/** How long to wait. */
export interface Patience {
  /** Milliseconds; `undefined`: until the end. */
  readonly timeoutMs: number | undefined;
  /** Ends the wait, with its reason. */
  readonly signal: AbortSignal | undefined;
}

/** How long is still left of it. */
interface Limit extends Patience {
  /** When the wait began, by the process's clock. */
  readonly since: number;
}

/** Awaits the outcomes of invocations. */
export class Outcomes {
  constructor(private readonly backend: Backend) {}

  /** @throws ResultTimeoutError, InvocationNotFoundError, CallInTransactionError, and the reason of the signal */
  of(id: string, acquaintance: Acquaintance, patience: Patience): Promise<Settled> {
    patience.signal?.throwIfAborted();
    const limit = { ...patience, since: this.backend.clock.monotonic() };
    if (acquaintance.kind === 'driven') return this.await(id, acquaintance.wait, limit);
    if (acquaintance.kind === 'own') return this.ask(id, limit, acquaintance.isFresh);
    return this.lookUp(id, acquaintance, limit);
  }

  private async lookUp(id: string, acquaintance: Acquaintance, limit: Limit): Promise<Settled> {
    if (acquaintance.kind === 'joined') await this.commitOf(id, acquaintance.transaction, limit);
    const record = await this.find(id, limit);
    if (!record) throw new InvocationNotFoundError(id);
    const { status, output, error } = record;
    if (isTerminal(status)) return { id, status, output, error };
    const unsubscribe = await this.subscribe(record);
    return this.ask(id, limit).finally(unsubscribe);
  }

  private async find(id: string, limit: Limit): Promise<InvocationRecord | undefined> {
    let isOver = false;
    const settled = this.search(id, () => isOver || this.backend.isClosed);
    // Who waits no more does not hear of it.
    settled.catch(() => undefined);
    const wait = { settled, ask: () => () => undefined };
    return this.await(id, wait, limit).finally(() => (isOver = true));
  }

  /** Asks until the store answers: that it is away says nothing of the invocation. */
  private async search(id: string, isStopped: () => boolean): Promise<InvocationRecord | undefined> {
    const { backend } = this;
    const ask = async () => ({ record: await backend.store.find(id) });
    try {
      const found = await askPatiently(backend, { who: `Who asks for the result of ${id}`, ask, isStopped });
      if (found) return found.record;
    } catch (error) {
      if (!backend.isClosed) throw error;
    }
    throw new ClientClosedError();
  }

  /** @throws CallInTransactionError for who waits for his own commit */
  private async commitOf(id: string, transaction: OpenTransaction, limit: Limit): Promise<void> {
    const isOpen = this.backend.transactions?.current() === transaction;
    if (isOpen) throw new CallInTransactionError('result()');
    await this.await(id, { settled: transaction.over, ask: () => () => undefined }, limit);
  }

  private ask(id: string, limit: Limit, isFresh = false): Promise<Settled> {
    const wait = this.backend.results.watch(id);
    // It may have ended before we listened.
    if (!isFresh) this.backend.results.announce([id]);
    return this.await(id, wait, limit).finally(wait.cancel);
  }

  private async subscribe({ origin }: InvocationRecord): Promise<() => Promise<void>> {
    const { transport, results } = this.backend;
    if (origin === this.backend.origin) return async () => undefined;
    return transport.onNews(origin, ids => results.announce(ids));
  }

  private await<T>(
    id: string,
    wait: { readonly settled: Promise<T>; ask(): Cancel },
    { timeoutMs, signal, since }: Limit,
  ): Promise<T> {
    const cancels: Cancel[] = [wait.ask()];
    // Nothing ends this wait early, and what is over is asked for no more anyway.
    if (timeoutMs === undefined && !signal) return wait.settled;
    const over = new Promise<never>((_, reject) => {
      if (timeoutMs !== undefined) {
        const expire = (): void => reject(new ResultTimeoutError(id, timeoutMs));
        const left = timeoutMs - (this.backend.clock.monotonic() - since);
        cancels.push(this.backend.clock.after(Math.max(0, left), expire));
      }
      const abort = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort);
      cancels.push(() => signal?.removeEventListener('abort', abort));
    });
    return Promise.race([wait.settled, over]).finally(() => {
      for (const cancel of cancels) cancel();
    });
  }
}
