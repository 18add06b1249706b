import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import type { JournalEntry } from '../../../lib/engine/entry.js';
import type {
  Batch,
  Claimed,
  ClaimResult,
  EntryWrite,
  InvocationRecord,
  Lease,
  NewInvocation,
  Store,
  Transition,
  WriteResult,
} from '../../../lib/ports/store.js';

/** Encoded error of a poison invocation, as a store under test must be opened with. */
export function poisonError(poison: { invocationId: string; deaths: number; step?: string }): string {
  return `poison ${poison.invocationId} after ${poison.deaths} deaths in ${poison.step ?? 'no step'}`;
}

/** A service and a worker of one test, so that tests share a store and do not meet. */
export class Scene {
  readonly service = `service-${uuid()}`;
  readonly worker = `worker-${uuid()}`;

  constructor(readonly store: Store) {}

  invocation(over: Partial<NewInvocation> = {}): NewInvocation {
    const { service } = this;
    const base = { id: uuid(), service, handler: 'run', input: '[1]', origin: 'client-1' };
    return { ...base, delayMs: 0, at: null, owner: null, ...over };
  }

  entry(lease: Lease, index: number, over: Partial<EntryWrite> = {}): EntryWrite {
    const base = { lease, index, kind: 'step', name: `step-${index}`, calledAfter: 0, seq: null } as const;
    return { ...base, outcome: null, value: null, tries: 0, dueInMs: null, durationMs: null, ...over };
  }

  /** An entry that was called and delivered in turn. */
  delivered(lease: Lease, index: number, over: Partial<EntryWrite> = {}): EntryWrite {
    return this.entry(lease, index, {
      calledAfter: index,
      seq: index,
      outcome: 'ok',
      value: `"${index}"`,
      ...over,
    });
  }

  transition(lease: Lease, status: Transition['status'], over: Partial<Transition> = {}): Transition {
    const base = { lease, status, output: null, error: null, failedEntry: null, dueInMs: null };
    return { ...base, failedAttempt: false, ...over };
  }

  /** Accepts an invocation that is due at once; its id. */
  async scheduled(over: Partial<NewInvocation> = {}): Promise<string> {
    const invocation = this.invocation(over);
    expect(await this.accept(invocation)).toEqual(['ok']);
    return invocation.id;
  }

  /** Accepts an invocation that is born leased to the worker of the scene, or another. */
  async running(over: Partial<NewInvocation> = {}): Promise<Lease> {
    return { invocationId: await this.scheduled({ owner: this.worker, ...over }), epoch: 1 };
  }

  /** An invocation that ended. */
  async ended(status: Transition['status'], over: Partial<Transition> = {}): Promise<Lease> {
    const lease = await this.running();
    expect(await this.move(this.transition(lease, status, over))).toEqual(['ok']);
    return lease;
  }

  commit(batch: Partial<Batch>) {
    return this.store.commit({ accepts: [], entries: [], transitions: [], ...batch });
  }

  async accept(...accepts: NewInvocation[]): Promise<readonly WriteResult[]> {
    return (await this.commit({ accepts })).accepts;
  }

  async write(...entries: EntryWrite[]): Promise<readonly WriteResult[]> {
    return (await this.commit({ entries })).entries;
  }

  async move(...transitions: Transition[]): Promise<readonly WriteResult[]> {
    return (await this.commit({ transitions })).transitions;
  }

  claim(...ids: string[]): Promise<ClaimResult> {
    return this.store.claim({ ids, services: [this.service], workerId: this.worker });
  }

  /** Claims one invocation that is due. */
  async take(id: string): Promise<Lease> {
    return (await this.claim(id)).claimed[0]!.lease;
  }

  claimDue(limit = 100, overdueMs = 0): Promise<Claimed[]> {
    return this.store.claimDue({ limit, overdueMs, services: [this.service], workerId: this.worker });
  }

  async journal(id: string): Promise<JournalEntry[]> {
    return (await this.store.journals([id])).get(id) ?? [];
  }

  async record(id: string): Promise<InvocationRecord> {
    const record = await this.store.find(id);
    if (!record) throw new Error(`no invocation ${id}`);
    return record;
  }

  register(leaseMs: number, id = this.worker): Promise<void> {
    return this.store.register({ id, host: 'host', pid: 1, services: [this.service] }, leaseMs);
  }

  /** Waits until something of this scene is due, by the store's word. */
  async untilDue(): Promise<void> {
    for (;;) {
      const dueInMs = await this.store.nextDue([this.service]);
      if (dueInMs === undefined) throw new Error('nothing will be due');
      if (dueInMs === 0) return;
      await sleep(dueInMs);
    }
  }
}

/** Lets the store's clock go on by at least one tick. */
export function tick(): Promise<void> {
  return sleep(3);
}

/** Repeats until there is a result. */
export async function until<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    await sleep(1);
  }
}

/** `count` times the result of `make`. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
