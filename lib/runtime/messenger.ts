import type { LocalWorker } from '../ports/local-worker.js';
import type { Logger } from '../ports/logger.js';
import type { Awoken, Controlled, Hint, News, Store } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import { processOf } from './incarnation.js';

export interface MessengerParts {
  readonly store: Store;
  readonly transport: Transport;
  readonly local: { readonly worker: LocalWorker };
  readonly logger: Logger;
}

/**
 * Brings news of commits to those whom they concern, and does what they ask for. What gets lost here costs latency
 * only: housekeeping finds it.
 */
export class Messenger {
  private freed = new Set<string>();
  private attached = new Set<string>();
  private working: Promise<void> | undefined;

  constructor(private readonly parts: MessengerParts) {}

  deliver({ awoken, freed, attached }: News): void {
    if (awoken.length > 0) this.wake(awoken);
    for (const id of freed) this.freed.add(id);
    for (const id of attached) this.attached.add(id);
    if (freed.length + attached.length > 0) this.working ??= this.work();
  }

  /** Tells what an order from outside has brought about. */
  controlled({ news, ended }: Controlled): void {
    this.deliver(news);
    for (const { id, origin } of ended) this.parts.transport.tell(origin, [id]);
  }

  /** Says that invocations can be claimed. */
  ready(hints: readonly Hint[]): void {
    if (hints.length > 0) this.parts.transport.ready(hints);
  }

  /** Resolves when nothing is being done. */
  async idle(): Promise<void> {
    while (this.working) await this.working;
  }

  private wake(awoken: readonly Awoken[]): void {
    const { local, transport } = this.parts;
    this.ready(awoken.filter(({ owner }) => owner === null));
    const { workerId } = local.worker;
    local.worker.wake(awoken.filter(({ owner }) => owner !== null && owner === workerId));
    for (const { id, owner } of awoken) {
      if (owner !== null && owner !== workerId) transport.tell(processOf(owner), [id]);
    }
  }

  private async work(): Promise<void> {
    // Whatever this turn of the event loop brings is done together.
    await new Promise<void>(resolve => setImmediate(resolve));
    while (this.freed.size + this.attached.size > 0) {
      const [freed, attached] = [[...this.freed], [...this.attached]];
      this.freed = new Set();
      this.attached = new Set();
      try {
        if (attached.length > 0) this.deliver(await this.parts.store.answer(attached));
        if (freed.length > 0) await this.promote(freed);
      } catch (error) {
        this.parts.logger.warn(`objects or waiting callers are left to the next sweep: ${String(error)}`);
      }
    }
    this.working = undefined;
  }

  /** The next ones in line: driven here as far as there are slots, else by whoever comes first. */
  private async promote(freed: readonly string[]): Promise<void> {
    const { store, local } = this.parts;
    const { worker } = local;
    let slots = 0;
    while (slots < freed.length && worker.reserve()) slots++;
    let used = 0;
    try {
      if (slots > 0) {
        const { claimed, due } = await store.promote(freed.slice(0, slots), worker.workerId);
        this.ready(due);
        for (const one of claimed) {
          used++;
          worker.adopt(one);
        }
      }
    } finally {
      for (; used < slots; used++) worker.adopt(undefined);
    }
    if (slots < freed.length) this.ready((await store.promote(freed.slice(slots), null)).due);
  }
}
