import type { Attempt } from './attempt.js';
import type { Wakes } from './wakes.js';

/** How many times fewer arrivals are asked for where they are announced. */
const PUSHED_ASKS = 5;

/** The attempts of a worker that do nothing but wait, in the order in which they began to. */
export class Residents {
  private readonly waiting = new Set<Attempt>();
  private asks = 0;

  /** @param most how many may wait in memory; beyond it those that have waited longest are suspended */
  constructor(
    private readonly most: number,
    private readonly wakes: Wakes,
  ) {}

  get count(): number {
    return this.waiting.size;
  }

  add(attempt: Attempt): void {
    this.waiting.add(attempt);
    const [oldest] = this.waiting;
    if (this.waiting.size > this.most) oldest?.suspend();
  }

  delete(attempt: Attempt): void {
    this.waiting.delete(attempt);
  }

  /**
   * Asks for what other processes have brought to them: always where nobody tells it, and now and then where somebody
   * does, since a message may get lost.
   */
  ask(isPushed: boolean): void {
    if (isPushed && ++this.asks % PUSHED_ASKS !== 0) return;
    this.wakes.add([...this.waiting].map(({ scope }) => ({ id: scope.invocation.id, wakes: Infinity })));
  }
}
