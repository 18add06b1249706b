import { childId, objectRef } from '../codec/identity.js';
import { isTerminal } from '../engine/status.js';
import { DeadlockError } from '../errors/index.js';
import type { ChildCall } from '../ports/operations.js';
import { ArrivalExecution } from './arrival-execution.js';
import { askedBy, childName } from './child.js';
import type { Ready } from './deliveries.js';
import { type Place, settlementOf } from './execution.js';
import type { AttemptKit } from './kit.js';

/** Calls another handler: accepts an invocation together with the entry that its outcome will settle. */
export class CallExecution extends ArrivalExecution {
  private readonly input: () => string;

  constructor(
    private readonly child: ChildCall,
    place: Place,
    kit: AttemptKit,
  ) {
    super({ kind: 'call', name: childName(child) }, place, kit);
    this.input = place.open ? () => '' : kit.encodeNow(child.args);
  }

  /** The invocation that is called. */
  get childId(): string {
    return childId(this.kit.writes.lease.invocationId, this.place.index);
  }

  protected async begin(): Promise<Ready | 'over' | undefined> {
    if (this.place.open) return undefined;
    try {
      const input = this.input();
      const admitted = this.child.target.admit?.(this.child.args);
      if (admitted) await admitted;
      if (this.mayDeadlock) await this.refuseDeadlock();
      return this.stopped ? 'over' : await this.accept(input);
    } catch (error) {
      return this.failed(error);
    }
  }

  private get mayDeadlock(): boolean {
    const { target, key } = this.child;
    return key !== undefined && target.kind === 'exclusive' && this.kit.mayHold;
  }

  /** Before anything is accepted: what queues for an object would run later, whoever has given it up. */
  private async refuseDeadlock(): Promise<void> {
    const { target, key = '' } = this.child;
    const { invocationId } = this.kit.writes.lease;
    const holds = await this.kit.patiently(
      () => this.kit.env.store.holdsAbove(invocationId, objectRef(target.service, key).id),
      () => this.stopped,
    );
    if (holds === true) throw new DeadlockError(this.signature.name);
  }

  private async accept(input: string): Promise<Ready | 'over' | undefined> {
    const { writes } = this.kit;
    const asked = askedBy(writes.lease, this.place.index, true, this.child, input);
    const accepted = await writes.accept(asked, this.opening());
    if (!accepted) return 'over';
    // The entry is new and the child is not: an earlier call was dropped when the invocation was retried.
    return accepted.result === 'duplicate' && accepted.entry === 'ok' ? this.again(asked.id) : undefined;
  }

  /** A child that failed is retried with its parent; one that is over otherwise answers now. */
  private async again(id: string): Promise<Ready | undefined> {
    const { store, messenger } = this.kit.env;
    const stopped = (): boolean => this.stopped;
    const retried = await this.kit.patiently(() => store.retry(id), stopped);
    if (retried === 'ok') {
      messenger.ready([{ id, service: this.child.target.service }]);
      return undefined;
    }
    const found = await this.kit.patiently(() => store.find(id), stopped);
    if (!found || !isTerminal(found.status)) return undefined;
    const { outcome, value } = settlementOf({ ...found, status: found.status });
    return this.ready(outcome, value);
  }
}
