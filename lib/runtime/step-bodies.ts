import type { InvocationView } from '../ports/attempt-view.js';
import type { Logger } from '../ports/logger.js';

/** The body of a step that runs. */
export interface StepBody {
  readonly kind: 'step' | 'compensation';
  readonly name: string;
  readonly invocation: Pick<InvocationView, 'id' | 'service' | 'handler'>;
}

/** How many bodies a warning names. */
const SHOWN = 3;
/** How often it is looked whether the event loop turns, within the time for which it may be blocked. */
const LOOKS = 4;

/**
 * The bodies of steps that run in a worker. One that computes keeps everything else from running, the renewal of the lease
 * too: who it was can be said only afterwards, by when the event loop had turned before.
 */
export class StepBodies {
  private readonly running = new Set<StepBody>();
  private turnedAt = 0;
  private looking: NodeJS.Timeout | undefined;
  private blocked: string | undefined;

  /**
   * @param longestMs for how long the event loop may be blocked without a warning
   * @param now of this machine: what is blocked is blocked in real time, whatever a test says that it is
   */
  constructor(
    private readonly longestMs: number,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A body begins to run, until it {@link leave}s: should it block the event loop, a warning names it. */
  enter(body: StepBody): void {
    this.watch();
    this.running.add(body);
  }

  /** A body has given its promise. */
  returned(body: StepBody): void {
    this.look([body]);
  }

  /** A body is over, if it had begun: what has just ended is what ran in this turn. */
  leave(body: StepBody): void {
    if (this.running.delete(body)) this.look([body]);
  }

  /** What blocked the event loop since this was last asked, if that is known. */
  takeBlocked(): string | undefined {
    const { blocked } = this;
    this.blocked = undefined;
    return blocked;
  }

  /** The event loop turns. */
  turn(): void {
    this.look(this.running);
    this.turnedAt = this.now();
    if (this.running.size > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }

  private watch(): void {
    if (this.looking) return this.look(this.running);
    this.turnedAt = this.now();
    this.looking = setInterval(() => this.turn(), this.longestMs / LOOKS).unref();
  }

  private look(suspected: Iterable<StepBody>): void {
    const now = this.now();
    const ms = now - this.turnedAt;
    if (ms <= this.longestMs) return;
    this.turnedAt = now;
    const suspects = [...suspected];
    if (suspects.length === 0) return;
    this.blocked = listed(suspects);
    this.logger.warn(
      `the event loop was blocked, or the process stopped, for ${Math.round(ms)} ms while ${this.blocked} ran: nothing else could run, nor the lease of the worker be renewed`,
    );
  }
}

function listed(bodies: readonly StepBody[]): string {
  const shown = bodies
    .slice(0, SHOWN)
    .map(
      ({ kind, name, invocation: { id, service, handler } }) =>
        `${kind} ${name} of ${service}.${handler} ${id}`,
    );
  const more = bodies.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
