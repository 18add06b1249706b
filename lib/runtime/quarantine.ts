import type { Clock } from '../ports/clock.js';
import type { Claimed } from '../ports/store.js';
import type { Attempt } from './attempt.js';

/** How long one of them holds up the others at the most: a step may take for ever. */
const LONGEST_MS = 30_000;

/**
 * Invocations that fail as poison if one more process dies of them: a worker drives them one after the other, so
 * that the next death tells which one it was, and those that were only beside it go on.
 *
 * One holds up the others until it has recorded something new, or is over.
 */
export class Quarantine {
  private inside: { readonly attempt: Attempt; readonly until: number } | undefined;

  /** @param maxDeaths deaths in a row after which an invocation is failed */
  constructor(
    private readonly maxDeaths: number,
    private readonly clock: Clock,
  ) {}

  /** Whether an invocation has to wait: it is suspect, and another suspect may yet turn out to be deadly. */
  refuses({ deaths }: Claimed): boolean {
    if (!this.inside || !this.isSuspect(deaths)) return false;
    const { attempt, until } = this.inside;
    return !attempt.hasProgressed && this.clock.monotonic() < until;
  }

  /** An invocation that was not refused is being driven. */
  enter({ deaths }: Claimed, attempt: Attempt): void {
    if (this.isSuspect(deaths)) this.inside = { attempt, until: this.clock.monotonic() + LONGEST_MS };
  }

  /** An attempt is over. */
  leave(attempt: Attempt): void {
    if (this.inside?.attempt === attempt) this.inside = undefined;
  }

  private isSuspect(deaths: number): boolean {
    return deaths > 0 && deaths >= this.maxDeaths - 1;
  }
}
