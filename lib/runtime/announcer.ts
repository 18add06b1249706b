import type { Claimed, Transition } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import type { Attempt, AttemptEnd } from './attempt.js';
import { settledBy } from './ending.js';
import { settlementOf } from './execution.js';
import type { Results } from './results.js';

/** Says where an attempt has taken its invocation, to whoever waits for that: here, and in other processes. */
export class Announcer {
  constructor(
    private readonly attemptOf: (id: string) => Attempt | undefined,
    private readonly results: Results,
    private readonly transport: Transport,
  ) {}

  ended(claimed: Claimed, end: AttemptEnd): void {
    const settled = end && settledBy(end);
    if (settled) {
      const { parent, origin } = claimed;
      if (parent) this.attemptOf(parent.invocationId)?.answered(parent.index, settlementOf(settled));
      this.results.settle(settled);
      return this.transport.tell(origin, [settled.id]);
    }
    this.results.forget(claimed.lease.invocationId);
    if (end) this.hint(claimed, end);
  }

  /** When whoever takes it next may come. */
  private hint({ lease, service }: Claimed, { dueInMs }: Transition): void {
    const id = lease.invocationId;
    if (dueInMs === 0) this.transport.ready([{ id, service }]);
    else if (dueInMs !== null) this.transport.due([{ id, service, dueInMs }]);
  }
}
