import type { Clock } from '../ports/clock.js';
import type { ClaimRequest, DueClaims, DueRequest, Store } from '../ports/store.js';
import { LookBack } from './look-back.js';

/** Looks in a row that find nothing, before some are left out where a server announces what is ready. */
const QUIET_LOOKS = 10;
/** One out of so many is made then. */
const QUIET_SHARE = 5;

/** Looks for what is due, no further back and no more often than it has to. */
export class DueWork {
  private readonly lookBack: LookBack;
  /** How many turns of looks nothing was found for. */
  private quiet = 0;

  constructor(
    private readonly store: Pick<Store, 'claimDue'>,
    private readonly clock: Clock,
  ) {
    this.lookBack = new LookBack(clock);
  }

  /** Whether the look whose turn it is can be left out. @param isPushed whether a server announces what is ready */
  canWait(isPushed: boolean): boolean {
    if (!isPushed) this.stir();
    return ++this.quiet > QUIET_LOOKS && this.quiet % QUIET_SHARE !== 0;
  }

  /** There is work again, or announcements may have been lost: no look is left out for a while. */
  stir(): void {
    this.quiet = 0;
  }

  async claim(request: ClaimRequest & Omit<DueRequest, 'sinceMs'>): Promise<Omit<DueClaims, 'dueAgoMs'>> {
    const { sinceMs } = this.lookBack;
    const at = this.clock.monotonic();
    const { claimed, dueAgoMs = 0, nextInMs } = await this.ask({ ...request, sinceMs });
    const isLimited = claimed.length === request.limit;
    this.lookBack.looked({ at, sinceMs, dealtWithMs: isLimited ? dueAgoMs : request.overdueMs });
    return { claimed, nextInMs };
  }

  private async ask(request: ClaimRequest & DueRequest): Promise<DueClaims> {
    let isInVain = false;
    try {
      const claims = await this.store.claimDue(request);
      isInVain = claims.claimed.length === 0;
      return claims;
    } finally {
      if (!isInVain) this.stir();
    }
  }
}
