import { isTerminal } from '../engine/status.js';
import { InvocationNotFoundError, ResultTimeoutError } from '../errors/index.js';
import type { Cancel } from '../ports/clock.js';
import type { InvocationRecord, Settled } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import type { Wait } from '../runtime/results.js';

/** How this process knows an invocation. */
export type Acquaintance =
  /** It drives it: the outcome comes by itself. */
  | { readonly kind: 'driven'; readonly wait: Wait }
  /** It accepted it: the outcome is announced to it. Fresh: in this turn of the event loop, so that is to come. */
  | { readonly kind: 'own'; readonly isFresh: boolean }
  /** By its id only. */
  | { readonly kind: 'foreign' };

/** How long to wait. */
export interface Patience {
  /** Milliseconds; `undefined`: until the end. */
  readonly timeoutMs: number | undefined;
  /** Ends the wait, with its reason. */
  readonly signal: AbortSignal | undefined;
}

/** Awaits the outcomes of invocations. */
export class Outcomes {
  constructor(private readonly backend: Backend) {}

  /** @throws ResultTimeoutError, InvocationNotFoundError, and the reason of the signal */
  async of(id: string, acquaintance: Acquaintance, patience: Patience): Promise<Settled> {
    patience.signal?.throwIfAborted();
    if (acquaintance.kind === 'driven') return this.await(id, acquaintance.wait, patience);
    if (acquaintance.kind === 'own') return this.ask(id, patience, acquaintance.isFresh);
    const record = await this.backend.store.find(id);
    if (!record) throw new InvocationNotFoundError(id);
    const { status, output, error } = record;
    if (isTerminal(status)) return { id, status, output, error };
    const unsubscribe = await this.subscribe(record);
    return this.ask(id, patience).finally(unsubscribe);
  }

  private ask(id: string, patience: Patience, isFresh = false): Promise<Settled> {
    const wait = this.backend.results.watch(id);
    // It may have ended before we listened.
    if (!isFresh) this.backend.results.announce([id]);
    return this.await(id, wait, patience).finally(wait.cancel);
  }

  private async subscribe({ origin }: InvocationRecord): Promise<() => Promise<void>> {
    const { transport, results } = this.backend;
    if (origin === this.backend.origin) return async () => undefined;
    return transport.onFinished(origin, ids => results.announce(ids));
  }

  private async await(id: string, wait: Wait, { timeoutMs, signal }: Patience): Promise<Settled> {
    const cancels: Cancel[] = [wait.ask()];
    // Nothing ends this wait early, and what is over is asked for no more anyway.
    if (timeoutMs === undefined && !signal) return wait.settled;
    const over = new Promise<never>((_, reject) => {
      if (timeoutMs !== undefined) {
        const expire = (): void => reject(new ResultTimeoutError(id, timeoutMs));
        cancels.push(this.backend.clock.after(timeoutMs, expire));
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
