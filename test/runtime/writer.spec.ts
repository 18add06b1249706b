import { AcceptTimeoutError } from '../../lib/errors/index.js';
import type {
  Batch,
  BatchResult,
  EntryWrite,
  NewInvocation,
  Store,
  Transition,
} from '../../lib/ports/store.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { Writer } from '../../lib/runtime/writer.js';
import { RecordingLogger } from '../support/recording-logger.js';

const id = (at: number): string => `01890000-0000-7000-8000-${String(at).padStart(12, '0')}`;

function accept(at: number): NewInvocation {
  const rest = { service: 'S', handler: 'h', input: '[]', origin: 'o', delayMs: 0, at: null, owner: null };
  return { id: id(at), ...rest };
}

function entry(invocation: number, index: number, value = 'v'): EntryWrite {
  const lease = { invocationId: id(invocation), epoch: 1 };
  const rest = { kind: 'step', name: 's', calledAfter: 0, seq: 0, outcome: 'ok', tries: 0 } as const;
  return { lease, index, value, dueInMs: null, durationMs: 1, ...rest };
}

function completed(invocation: number): Transition {
  const lease = { invocationId: id(invocation), epoch: 1 };
  return {
    lease,
    status: 'completed',
    output: '1',
    error: null,
    failedEntry: null,
    dueInMs: null,
    failedAttempt: false,
  };
}

class Transient extends Error {}

/** A store whose commits the test decides. */
function recordingStore(answer: (batch: Batch, commit: number) => void | Promise<void> = () => undefined): {
  store: Store;
  batches: Batch[];
} {
  const batches: Batch[] = [];
  const commit = async (batch: Batch): Promise<BatchResult> => {
    batches.push(batch);
    await answer(batch, batches.length);
    const ok = (writes: readonly unknown[]): 'ok'[] => writes.map(() => 'ok');
    return { accepts: ok(batch.accepts), entries: ok(batch.entries), transitions: ok(batch.transitions) };
  };
  const port = { commit, isTransient: (error: unknown) => error instanceof Transient };
  return { store: port as unknown as Store, batches };
}

function writerOn(store: Store, acceptTimeoutMs = 5_000, lanes = 1): Writer {
  return new Writer(store, { lanes, acceptTimeoutMs }, systemClock, new RecordingLogger());
}

describe('group commit', () => {
  it('makes one batch of what is written in the same turn', async () => {
    const { store, batches } = recordingStore();
    const writer = writerOn(store);
    await Promise.all([writer.accept(accept(1)), writer.entry(entry(2, 0)), writer.transition(completed(2))]);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({ accepts: [{}], entries: [{}], transitions: [{}] });
  });

  it('W1: commits the writes of one invocation in their order, also over batches', async () => {
    const { store, batches } = recordingStore();
    const writer = writerOn(store);
    const writes = Array.from({ length: 1_200 }, (_, index) => writer.entry(entry(1, index)));
    await Promise.all([...writes, writer.transition(completed(1))]);
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.flatMap(batch => batch.entries.map(({ index }) => index))).toEqual(
      writes.map((_, at) => at),
    );
    expect(batches.at(-1)?.transitions).toHaveLength(1);
  });

  it('W2: has one write of an entry in a batch, and none behind a transition', async () => {
    const { store, batches } = recordingStore();
    const writer = writerOn(store);
    await Promise.all([
      writer.entry(entry(1, 0, 'first')),
      writer.entry(entry(1, 0, 'second')),
      writer.transition(completed(1)),
      writer.entry(entry(1, 1)),
    ]);
    expect(batches.map(({ entries, transitions }) => [entries.length, transitions.length])).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
    ]);
  });

  it('W3: tries a batch again while the store is away', async () => {
    const { store, batches } = recordingStore((_, commit) => {
      if (commit < 3) throw new Transient('away');
    });
    await expect(writerOn(store).entry(entry(1, 0))).resolves.toBe('ok');
    expect(batches).toHaveLength(3);
  });

  it('W3: refuses an accept after its time, and keeps what a lease depends on', async () => {
    let away = true;
    const { store } = recordingStore(() => {
      if (away) throw new Transient('away');
    });
    const writer = writerOn(store, 20);
    const kept = writer.entry(entry(2, 0));
    await expect(writer.accept(accept(1))).rejects.toBeInstanceOf(AcceptTimeoutError);
    away = false;
    await expect(kept).resolves.toBe('ok');
  });

  it('W4: fails alone what the store refuses for itself', async () => {
    const { store } = recordingStore(({ entries }) => {
      if (entries.some(({ value }) => value === 'bad')) throw new Error('refused');
    });
    const writer = writerOn(store);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => writer.entry(entry(at, 0, at === 13 ? 'bad' : 'good'))),
    );
    expect(results.map(({ status }) => status === 'rejected')).toEqual(results.map((_, at) => at === 13));
  });

  it('keeps the order of one invocation on several lanes, and uses them all', async () => {
    let running = 0;
    let most = 0;
    const { store, batches } = recordingStore(async () => {
      most = Math.max(most, ++running);
      await new Promise(resolve => setTimeout(resolve, 5));
      running--;
    });
    const writer = writerOn(store, 5_000, 4);
    await Promise.all(Array.from({ length: 40 }, (_, at) => writer.entry(entry(at % 8, Math.floor(at / 8)))));
    const ofFirst = batches.flatMap(batch => batch.entries).filter(one => one.lease.invocationId === id(1));
    expect(ofFirst.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBeGreaterThan(1);
    await writer.idle();
  });
});
