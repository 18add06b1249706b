import type { Clock } from '../ports/clock.js';
import type { Claimed, ClaimRequest, DueRequest, Store } from '../ports/store.js';
import { LookBack } from './look-back.js';

/** Looks for what is due, no further back than it has to. */
export class DueWork {
  private readonly lookBack: LookBack;
  /** How far the last look went back; `null`: to the beginning. */
  private sinceMs: number | null = null;

  constructor(
    private readonly store: Pick<Store, 'claimDue' | 'nextDue'>,
    private readonly clock: Clock,
  ) {
    this.lookBack = new LookBack(clock);
  }

  async claim(request: ClaimRequest & Omit<DueRequest, 'sinceMs'>): Promise<Claimed[]> {
    const { sinceMs } = this.lookBack;
    const at = this.clock.monotonic();
    const { claimed, dueAgoMs = 0 } = await this.store.claimDue({ ...request, sinceMs });
    const isLimited = claimed.length === request.limit;
    this.lookBack.looked({ at, sinceMs, dealtWithMs: isLimited ? dueAgoMs : request.overdueMs });
    this.sinceMs = sinceMs;
    return claimed;
  }

  /** Milliseconds until something is due; `undefined` if nothing is. */
  next(services: readonly string[]): Promise<number | undefined> {
    return this.store.nextDue(services, this.sinceMs);
  }
}
