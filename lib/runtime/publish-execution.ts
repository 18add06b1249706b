import { childId } from '../codec/identity.js';
import type { Publication, Published } from '../ports/events.js';
import type { Asked } from './acceptor.js';
import { published, resultsOf } from './event-publisher.js';
import type { Place } from './execution.js';
import type { AttemptKit } from './kit.js';
import { OneWayExecution } from './one-way-execution.js';

/** Publishes an event: its outcome is what the event was accepted with. */
export class PublishExecution extends OneWayExecution {
  private readonly id: string;
  private readonly input: Promise<string>;

  constructor(
    private readonly event: Publication,
    place: Place,
    kit: AttemptKit,
  ) {
    super({ kind: 'publish', name: event.name }, place, kit);
    const { writes, env } = kit;
    // A replay gives the event the same id.
    this.id = event.id ?? childId(writes.lease.invocationId, place.index);
    // At once, for the caller may change the event; a refusal comes when the text is asked for.
    this.input = env.publisher.prepare(event, this.id);
    this.input.catch(() => undefined);
  }

  protected async give(): Promise<Published | undefined> {
    const asked = await this.asked(await this.input);
    if (!asked || this.stopped || !(await this.accept(asked))) return undefined;
    return published(this.id, asked);
  }

  private asked(input: string): Promise<Asked[] | undefined> {
    const { env, writes } = this.kit;
    const parent = { lease: writes.lease, index: null };
    return this.kit.patiently(
      () => env.publisher.asked(this.event.name, this.id, input, parent),
      () => this.stopped,
    );
  }

  /** Whether the lease holds, as far as that is known. */
  private async accept(asked: readonly Asked[]): Promise<boolean> {
    const accepted = this.kit.writes.acceptAll(asked);
    // Nobody else has ids that are derived from this entry, so nothing has to be waited for: what can be observed next
    // is committed with it or after it.
    const { id } = this.event;
    if (id === undefined) return true;
    const known = await accepted;
    if (!known) return false;
    const compare = (): Promise<true> =>
      this.kit.env.publisher.assertSame(id, asked, resultsOf(known)).then(() => true);
    return (await this.kit.patiently(compare, () => this.stopped)) ?? false;
  }
}
