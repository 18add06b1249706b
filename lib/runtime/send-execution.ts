import { IdempotencyConflictError } from '../errors/index.js';
import type { ChildCall } from '../ports/operations.js';
import type { Asked } from './acceptor.js';
import { askedBy, childName } from './child.js';
import type { Place } from './execution.js';
import type { AttemptKit } from './kit.js';
import { OneWayExecution } from './one-way-execution.js';

/** Sends to another handler: its outcome is the id of the child. */
export class SendExecution extends OneWayExecution {
  private readonly input: () => string;

  constructor(
    private readonly child: ChildCall,
    place: Place,
    kit: AttemptKit,
  ) {
    super({ kind: 'send', name: childName(child) }, place, kit);
    this.input = kit.encodeNow(child.args);
  }

  protected async give(): Promise<string | undefined> {
    const { writes } = this.kit;
    const input = this.input();
    await this.child.target.admit?.(this.child.args);
    if (this.stopped) return undefined;
    const asked = askedBy(writes.lease, this.place.index, false, this.child, input);
    const accepted = writes.accept(asked);
    // Nobody else has an id that is derived from this entry, so nothing has to be waited for: what can be observed
    // next is committed with it or after it.
    if (this.child.idempotencyKey !== undefined) {
      const known = await accepted;
      if (!known) return undefined;
      if (known.result === 'duplicate') await this.assertSame(asked, this.child.idempotencyKey);
    }
    return asked.id;
  }

  private async assertSame(asked: Asked, key: string): Promise<void> {
    const known = await this.kit.patiently(
      () => this.kit.env.acceptor.compare(asked),
      () => this.stopped,
    );
    if (known === 'other') throw new IdempotencyConflictError(key, asked.id);
  }
}
