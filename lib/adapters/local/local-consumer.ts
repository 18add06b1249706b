import type { Logger } from '../../ports/logger.js';
import type { Consumer, Intake } from '../../ports/transport.js';
import type { Fifo } from './fifo.js';

/** Hands ids of one process's queues to one worker. */
export class LocalConsumer implements Consumer {
  #takes = 0;
  #turn = 0;
  #stopped = false;
  #waiting: (() => void)[] = [];

  /**
   * @param queueOf The queue of a service.
   * @param more Asks for another {@link pump} in the next turn of the event loop.
   */
  constructor(
    private readonly intake: Intake,
    private readonly queueOf: (service: string) => Fifo,
    private readonly more: () => void,
    private readonly left: () => void,
    private readonly logger: Logger,
  ) {}

  resume(): void {
    this.more();
  }

  async stop(): Promise<void> {
    if (!this.#stopped) this.left();
    this.#stopped = true;
    while (this.#takes > 0) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  /** Hands over one batch, as far as there is capacity. */
  pump(): void {
    if (this.#stopped) return;
    const ids = this.#next(this.intake.capacity());
    if (ids.length === 0) return;
    void this.#take(ids);
    this.more();
  }

  /** Says that ids of these services were refused, once their queues are empty: then it is of use to look. */
  settle(): void {
    const overflown = this.intake.services
      .map(this.queueOf)
      .filter(queue => queue.refused && queue.size === 0);
    for (const queue of overflown) queue.settle();
    if (overflown.length > 0) this.lost();
  }

  lost(): void {
    if (!this.#stopped) this.intake.lost();
  }

  /** Ids of all services, another one first each time, so that none waits for ever behind a busy one. */
  #next(capacity: number): string[] {
    const { services } = this.intake;
    let ids: string[] = [];
    const first = this.#turn++;
    for (let step = 0; step < services.length && ids.length < capacity; step += 1) {
      const service = services[(first + step) % services.length];
      if (service !== undefined) ids = ids.concat(this.queueOf(service).shift(capacity - ids.length));
    }
    return ids;
  }

  async #take(ids: readonly string[]): Promise<void> {
    this.#takes += 1;
    try {
      await this.intake.take(ids);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error(`A worker failed to take ${ids.length} ids: ${reason}`);
    }
    this.#takes -= 1;
    this.more();
    if (this.#takes > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
