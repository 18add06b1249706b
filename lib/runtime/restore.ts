import type { JournalEntry } from '../engine/entry.js';
import type { Claimed, Inbox, Store } from '../ports/store.js';
import { Batched } from './batched.js';

/** What the store has of an invocation that an attempt goes on with. */
export interface Restored {
  readonly journal: readonly JournalEntry[];
  readonly inbox: Inbox | undefined;
  /** State of the object that the invocation is addressed to: encoded values by name. */
  readonly state: ReadonlyMap<string, string>;
}

/** What there is of an invocation that is new and has no object: nothing. */
const NOTHING_RESTORED: Restored = { journal: [], inbox: undefined, state: new Map() };

/** Reads what attempts go on with, for all that start in one turn of the event loop together. */
export class Restore {
  private readonly journals: Batched<string, JournalEntry[]>;
  private readonly inboxes: Batched<string, Inbox | undefined>;
  private readonly states: Batched<string, ReadonlyMap<string, string>>;

  constructor(store: Store) {
    const none: ReadonlyMap<string, string> = new Map();
    this.journals = new Batched(async ids => {
      const found = await store.journals(ids);
      return ids.map(id => found.get(id) ?? []);
    });
    this.inboxes = new Batched(async ids => {
      const found = new Map((await store.inboxes(ids)).map(inbox => [inbox.invocationId, inbox]));
      return ids.map(id => found.get(id));
    });
    this.states = new Batched(async ids => {
      const found = await store.states([...new Set(ids)]);
      return ids.map(id => found.get(id) ?? none);
    });
  }

  /** What is known without a read, for at its first epoch an invocation has no journal; `undefined`: it is to be read. */
  known({ lease, wakes, object, state }: Claimed): Restored | undefined {
    if (lease.epoch > 1 || wakes > 0) return undefined;
    return object === null ? NOTHING_RESTORED : state && { ...NOTHING_RESTORED, state };
  }

  async of(claimed: Claimed): Promise<Restored> {
    const known = this.known(claimed);
    if (known) return known;
    const { lease, wakes, object } = claimed;
    const id = lease.invocationId;
    const [journal, inbox, state] = await Promise.all([
      lease.epoch > 1 ? this.journals.get(id) : NOTHING_RESTORED.journal,
      wakes > 0 ? this.inboxes.get(id) : undefined,
      claimed.state ?? (object ? this.states.get(object.id) : NOTHING_RESTORED.state),
    ]);
    return { journal, inbox, state };
  }

  /** What has arrived for an invocation that is being driven. */
  inbox(id: string): Promise<Inbox | undefined> {
    return this.inboxes.get(id);
  }
}
