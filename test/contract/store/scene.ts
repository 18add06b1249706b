import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import type { JournalEntry } from '../../../lib/engine/entry.js';
import type {
  AcceptResult,
  Arrival,
  ArrivalResult,
  Batch,
  BatchResult,
  Claimed,
  ClaimResult,
  EntryWrite,
  InvocationRecord,
  Inbox,
  Lease,
  NewInvocation,
  ObjectRef,
  Store,
  Transition,
  WriteResult,
} from '../../../lib/ports/store.js';
import { until } from '../../support/until.js';

/** How long what must come may take on a busy machine. */
export const PATIENCE_MS = 20_000;

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
    const plain = {
      delayMs: 0,
      deadline: null,
      at: null,
      owner: null,
      parent: null,
      object: null,
      exclusive: false,
    };
    return { ...base, ...plain, ...over };
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
    return { ...base, failedAttempt: false, wakes: 0, parent: null, holds: null, ...over };
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

  /** A virtual object of its own. */
  object(key = 'key'): ObjectRef {
    return { id: uuid(), key };
  }

  /** One that is to have an object for itself. */
  exclusive(object: ObjectRef, over: Partial<NewInvocation> = {}): NewInvocation {
    return this.invocation({ object, exclusive: true, owner: this.worker, ...over });
  }

  /** One whose outcome an entry of another waits for, or (without an index) nobody. */
  child(lease: Lease, index: number | null, over: Partial<NewInvocation> = {}): NewInvocation {
    return this.invocation({ owner: this.worker, parent: { lease, index }, ...over });
  }

  signal(invocationId: string, name: string, value = `"${name}"`, id = uuid()): Arrival {
    return { kind: 'signal', id, invocationId, name, value };
  }

  completion(
    lease: Lease,
    index: number,
    over: Partial<Extract<Arrival, { kind: 'completion' }>> = {},
  ): Arrival {
    const entry = { invocationId: lease.invocationId, index };
    return { kind: 'completion', entry, token: 'token', outcome: 'ok', value: '1', ...over };
  }

  /** The answer of a commit in which nothing concerns others. */
  result(over: Partial<BatchResult>): BatchResult {
    const news = { awoken: [], freed: [], attached: [] };
    return { accepts: [], entries: [], transitions: [], arrivals: [], news, ...over };
  }

  commit(batch: Partial<Batch>) {
    return this.store.commit({ accepts: [], entries: [], transitions: [], arrivals: [], ...batch });
  }

  async accept(...accepts: NewInvocation[]): Promise<readonly AcceptResult[]> {
    return (await this.commit({ accepts })).accepts;
  }

  async write(...entries: EntryWrite[]): Promise<readonly WriteResult[]> {
    return (await this.commit({ entries })).entries;
  }

  async move(...transitions: Transition[]): Promise<readonly WriteResult[]> {
    return (await this.commit({ transitions })).transitions;
  }

  async arrive(...arrivals: Arrival[]): Promise<readonly ArrivalResult[]> {
    return (await this.commit({ arrivals })).arrivals;
  }

  async inbox(id: string): Promise<Inbox> {
    const [inbox] = await this.store.inboxes([id]);
    if (!inbox) throw new Error(`no inbox of ${id}`);
    return inbox;
  }

  claim(...ids: string[]): Promise<ClaimResult> {
    return this.store.claim({ ids, services: [this.service], workerId: this.worker });
  }

  /** Claims one invocation that is due. */
  async take(id: string): Promise<Lease> {
    return (await this.claim(id)).claimed[0]!.lease;
  }

  async claimDue(limit = 100, overdueMs = 0): Promise<Claimed[]> {
    const request = { limit, overdueMs, services: [this.service], workerId: this.worker };
    return (await this.store.claimDue(request)).claimed;
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

/** Resolves when as many statements wait for a lock of this database. */
export function blocked(dataSource: DataSource, count = 1): Promise<void> {
  const isBlocked = async (): Promise<boolean> => {
    const [row] = await dataSource.query<{ waiting: number }[]>(
      `select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return row?.waiting === count;
  };
  return until(`${count} wait for a lock`, isBlocked, PATIENCE_MS);
}

/** `count` times the result of `make`. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
