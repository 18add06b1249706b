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
  /** It accepted it: the outcome is announced to it. */
  | { readonly kind: 'own' }
  /** By its id only. */
  | { readonly kind: 'foreign' };

/** Awaits the outcomes of invocations. */
export class Outcomes {
  constructor(private readonly backend: Backend) {}

  /**
   * @param timeoutMs how long to wait; `undefined`: until the end
   * @throws ResultTimeoutError, InvocationNotFoundError
   */
  async of(id: string, acquaintance: Acquaintance, timeoutMs: number | undefined): Promise<Settled> {
    if (acquaintance.kind === 'driven') return this.await(id, acquaintance.wait, timeoutMs);
    if (acquaintance.kind === 'own') return this.awaitHere(id, timeoutMs);
    const record = await this.backend.store.find(id);
    if (!record) throw new InvocationNotFoundError(id);
    const { status, output, error } = record;
    if (isTerminal(status)) return { id, status, output, error };
    const unsubscribe = await this.subscribe(record);
    return this.awaitHere(id, timeoutMs).finally(unsubscribe);
  }

  private awaitHere(id: string, timeoutMs: number | undefined): Promise<Settled> {
    const wait = this.backend.results.watch(id);
    // It may have ended before we listened.
    this.backend.results.announce([id]);
    return this.await(id, wait, timeoutMs).finally(wait.cancel);
  }

  private async subscribe({ origin }: InvocationRecord): Promise<() => Promise<void>> {
    const { transport, results } = this.backend;
    if (origin === this.backend.origin) return async () => undefined;
    return transport.onFinished(origin, ids => results.announce(ids));
  }

  private async await(id: string, wait: Wait, timeoutMs: number | undefined): Promise<Settled> {
    const stopAsking = wait.ask();
    let cancel: Cancel = () => undefined;
    const expired = new Promise<never>((_, reject) => {
      if (timeoutMs === undefined) return;
      cancel = this.backend.clock.after(timeoutMs, () => {
        reject(new ResultTimeoutError(id, timeoutMs));
      });
    });
    return Promise.race([wait.settled, expired]).finally(() => {
      cancel();
      stopAsking();
    });
  }
}
