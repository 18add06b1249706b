import type { Clock } from '../ports/clock.js';
import type { ClaimRequest, DueClaims, DueRequest, Store } from '../ports/store.js';
import { LookBack } from './look-back.js';

/** Looks for what is due, no further back than it has to. */
export class DueWork {
  private readonly lookBack: LookBack;

  constructor(
    private readonly store: Pick<Store, 'claimDue'>,
    private readonly clock: Clock,
  ) {
    this.lookBack = new LookBack(clock);
  }

  async claim(request: ClaimRequest & Omit<DueRequest, 'sinceMs'>): Promise<Omit<DueClaims, 'dueAgoMs'>> {
    const { sinceMs } = this.lookBack;
    const at = this.clock.monotonic();
    const { claimed, dueAgoMs = 0, nextInMs } = await this.store.claimDue({ ...request, sinceMs });
    const isLimited = claimed.length === request.limit;
    this.lookBack.looked({ at, sinceMs, dealtWithMs: isLimited ? dueAgoMs : request.overdueMs });
    return { claimed, nextInMs };
  }
}
