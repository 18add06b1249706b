import type { Claimed, Store } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import { Batched } from './batched.js';

/** What claims are made with. */
export interface ClaimParts {
  readonly store: Pick<Store, 'claim'>;
  readonly transport: Pick<Transport, 'due'>;
  readonly services: readonly string[];
  /** Name under which is claimed now. */
  readonly workerId: () => string;
}

/** Claims what is announced: one statement at a time, so that what is announced meanwhile is one claim. */
export class Claims {
  private readonly asked: Batched<string, Claimed | undefined>;

  constructor(private readonly parts: ClaimParts) {
    this.asked = new Batched(ids => this.claim(ids), { inTurn: true });
  }

  /** Those that could be claimed. What is announced too early is announced again in time. */
  async of(ids: readonly string[]): Promise<Claimed[]> {
    const found = await Promise.all(ids.map(id => this.asked.get(id)));
    return found.filter(one => one !== undefined);
  }

  private async claim(ids: readonly string[]): Promise<(Claimed | undefined)[]> {
    const { store, transport, services, workerId } = this.parts;
    const { claimed, early } = await store.claim({ workerId: workerId(), services, ids });
    if (early.length > 0) transport.due(early);
    const found = new Map(claimed.map(one => [one.lease.invocationId, one]));
    return ids.map(id => {
      const one = found.get(id);
      // It may have been announced twice.
      found.delete(id);
      return one;
    });
  }
}
