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
  private readonly asked: Batched<readonly string[], Claimed[]>;

  constructor(private readonly parts: ClaimParts) {
    this.asked = new Batched(announced => this.claim(announced), { inTurn: true });
  }

  /** Those that could be claimed. What is announced too early is announced again in time. */
  of(ids: readonly string[]): Promise<Claimed[]> {
    return this.asked.get(ids);
  }

  private async claim(announced: readonly (readonly string[])[]): Promise<Claimed[][]> {
    const { store, transport, services, workerId } = this.parts;
    const { claimed, early } = await store.claim({ workerId: workerId(), services, ids: announced.flat() });
    if (early.length > 0) transport.due(early);
    const found = new Map(claimed.map(one => [one.lease.invocationId, one]));
    const take = (id: string): Claimed[] => {
      const one = found.get(id);
      // It may have been announced twice.
      found.delete(id);
      return one ? [one] : [];
    };
    return announced.map(ids => ids.flatMap(take));
  }
}
