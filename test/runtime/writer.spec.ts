import { AcceptTimeoutError } from '../../lib/errors/index.js';
import type {
  Arrival,
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
  const rest = {
    service: 'S',
    handler: 'h',
    input: '[]',
    origin: 'o',
    delayMs: 0,
    deadline: null,
    at: null,
    owner: null,
  };
  return { id: id(at), ...rest, parent: null, object: null, exclusive: false };
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
    wakes: 0,
    parent: null,
    holds: null,
  };
}

const OBJECT = { id: id(900), key: 'k' };

function signal(invocation: number, at: number): Arrival {
  return { kind: 'signal', id: id(1_000 + at), invocationId: id(invocation), name: 's', value: 'v' };
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
    const { accepts, entries, transitions, arrivals } = batch;
    const news = { awoken: [], freed: [], attached: [] };
    return {
      accepts: ok(accepts),
      entries: ok(entries),
      transitions: ok(transitions),
      arrivals: ok(arrivals),
      news,
    };
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
    await Promise.all([
      writer.accept(accept(1), true).result,
      writer.entry(entry(2, 0)),
      writer.transition(completed(2)),
    ]);
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

  it('has at most 8 Mi characters of payload in a batch, and one write at the least', async () => {
    const { store, batches } = recordingStore();
    const writer = writerOn(store);
    const mebi = 1024 * 1024;
    const large = (at: number, length = mebi) =>
      writer.accept({ ...accept(at), input: '1'.repeat(length) }, true).result;
    const end = { ...completed(99), output: 'o'.repeat(7 * mebi) };
    const state = { objectId: OBJECT.id, name: 's', value: 'v'.repeat(5 * mebi) };
    await Promise.all([
      ...Array.from({ length: 20 }, (_, at) => large(at)),
      large(50, 20 * mebi),
      large(51),
      writer.transition(end),
      writer.entry({ ...entry(60, 0, 'v'.repeat(5 * mebi)), state }),
      writer.arrive({ ...signal(70, 0), value: 'v'.repeat(9 * mebi) }),
      writer.entry(entry(80, 0)),
    ]);
    const sizes = batches.map(({ accepts, entries, transitions, arrivals }) =>
      [accepts, entries, transitions, arrivals].map(writes => writes.length).join(' '),
    );
    expect(sizes).toEqual([
      '8 0 0 0',
      '8 0 0 0',
      '4 0 0 0',
      '1 0 0 0',
      '1 0 1 0',
      '0 1 0 0',
      '0 0 0 1',
      '0 1 0 0',
    ]);
  });

  it('W3: tries a batch again while the store is away', async () => {
    const { store, batches } = recordingStore((_, commit) => {
      if (commit < 3) throw new Transient('away');
    });
    await expect(writerOn(store).entry(entry(1, 0))).resolves.toBe('ok');
    expect(batches).toHaveLength(3);
  });

  it.each<[string, (writer: Writer) => Promise<unknown>[]]>([
    [
      'an invocation that moves and one of whose calls is answered',
      writer => [
        writer.transition({ ...completed(2), parent: { invocationId: id(1), index: 0 } }),
        writer.transition({ ...completed(1), status: 'suspended', output: null }),
      ],
    ],
    [
      'an invocation that moves and gets a signal',
      writer => [writer.transition({ ...completed(1), status: 'suspended' }), writer.arrive(signal(1, 1))],
    ],
    [
      'an awakeable that is completed and given up',
      writer => [
        writer.arrive({
          kind: 'completion',
          entry: { invocationId: id(1), index: 3 },
          token: 't',
          outcome: 'ok',
          value: 'v',
        }),
        writer.entry(entry(1, 3)),
      ],
    ],
    [
      'an object that is freed and queued for',
      writer => [
        writer.transition({ ...completed(1), holds: OBJECT.id }),
        writer.accept({ ...accept(2), object: OBJECT, exclusive: true }, true).result,
      ],
    ],
    [
      'an invocation that is accepted and gets a signal',
      writer => [writer.accept(accept(1), true).result, writer.arrive(signal(1, 1))],
    ],
  ])('W2: never has %s in one batch', async (_, write) => {
    const { store, batches } = recordingStore();
    await Promise.all(write(writerOn(store)));
    expect(batches).toHaveLength(2);
  });

  it('W2: has many signals, and answers of many calls of one invocation, in one batch', async () => {
    const { store, batches } = recordingStore();
    const writer = writerOn(store);
    const answers = [2, 3, 4].map(at =>
      writer.transition({ ...completed(at), parent: { invocationId: id(1), index: at } }),
    );
    await Promise.all([...answers, writer.arrive(signal(1, 1)), writer.arrive(signal(1, 2))]);
    expect(batches).toHaveLength(1);
  });

  it('keeps an accept and the entry that waits for it in one batch, at the place of the caller', async () => {
    const { store, batches } = recordingStore();
    const writer = writerOn(store);
    const before = Array.from({ length: 499 }, (_, index) => writer.entry(entry(1, index)));
    const parent = { lease: { invocationId: id(1), epoch: 1 }, index: 499 };
    const accepting = writer.accept({ ...accept(2), parent }, true, entry(1, 499));
    await Promise.all([...before, accepting.result, accepting.entry]);
    expect(batches.map(({ accepts, entries }) => [accepts.length, entries.length])).toEqual([
      [0, 499],
      [1, 1],
    ]);
  });

  it('W3: refuses an accept after its time, and keeps what a lease depends on', async () => {
    let away = true;
    const { store } = recordingStore(() => {
      if (away) throw new Transient('away');
    });
    const writer = writerOn(store, 20);
    const kept = writer.entry(entry(2, 0));
    await expect(writer.accept(accept(1), true).result).rejects.toBeInstanceOf(AcceptTimeoutError);
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

  it('W5: keeps nothing waiting behind an accept under an id that others may use', async () => {
    let goOn = (): void => undefined;
    const others = new Promise<void>(resolve => (goOn = resolve));
    const { store, batches } = recordingStore(({ accepts }) =>
      accepts.some(one => one.id === id(1)) ? others : undefined,
    );
    const writer = writerOn(store);
    const contested = writer.accept(accept(1), false).result;
    await Promise.all([writer.accept(accept(2), true).result, writer.entry(entry(3, 0))]);
    expect(batches.map(({ accepts, entries }) => [accepts.length, entries.length])).toEqual([
      [1, 0],
      [1, 1],
    ]);
    goOn();
    expect(await contested).toBe('ok');
  });

  it('is idle once what was asked for is through, whatever is asked for meanwhile', async () => {
    const { store } = recordingStore();
    const writer = writerOn(store);
    let isIdle = false;
    let index = 0;
    const busy = async (): Promise<void> => {
      while (!isIdle && index < 1_000) await writer.entry(entry(1, index++));
    };
    const traffic = Promise.all([busy(), busy()]);
    await writer.idle();
    isIdle = true;
    await traffic;
    expect(index).toBeLessThan(1_000);
    await writer.idle();
  });

  it('ends although the store is away: what waits is given up, and nothing is tried again', async () => {
    let tries = 0;
    const { store } = recordingStore(() => {
      tries++;
      throw new Transient();
    });
    const writer = writerOn(store);
    const refused = [writer.accept(accept(1), true).result, writer.entry(entry(2, 0))].map(write =>
      write.catch((error: unknown) => error),
    );
    await writer.end(100);
    expect(await refused[0]).toBeInstanceOf(AcceptTimeoutError);
    expect(await refused[1]).toBeInstanceOf(Transient);
    const before = tries;
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(tries).toBe(before);
  });

  describe('of a group', () => {
    const group = (writer: Writer, from: number, count: number) =>
      Array.from({ length: count }, (_, at) =>
        writer.accept(accept(from + at), true, undefined, { lane: id(from), more: at < count - 1 }),
      ).map(({ result }) => result);
    const sizes = (batches: readonly Batch[]): number[] => batches.map(({ accepts }) => accepts.length);

    it('is one batch, in whichever lanes its ids would be, and however large it is', async () => {
      const { store, batches } = recordingStore();
      const writer = writerOn(store, 5_000, 4);
      await Promise.all(group(writer, 1, 600));
      expect(sizes(batches)).toEqual([600]);
    });

    it('waits for the next batch when it is too much for this one', async () => {
      const { store, batches } = recordingStore();
      const writer = writerOn(store);
      const one = Array.from({ length: 499 }, (_, at) => writer.accept(accept(1_000 + at), true).result);
      await Promise.all([...one, ...group(writer, 1, 2), writer.accept(accept(5), true).result]);
      expect(sizes(batches)).toEqual([499, 3]);
    });

    it('is refused as a whole, and alone', async () => {
      const { store, batches } = recordingStore(batch => {
        if (batch.accepts.some(each => each.id === id(2))) throw new Error('refused');
      });
      const writer = writerOn(store);
      const before = [writer.accept(accept(100), true).result, writer.accept(accept(101), true).result];
      const refused = group(writer, 1, 3);
      const after = [writer.accept(accept(102), true).result];
      const outcomes = await Promise.allSettled(refused);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(await Promise.all([...before, ...after])).toEqual(['ok', 'ok', 'ok']);
      const whole = batches.filter(({ accepts }) => accepts.some(each => each.id === id(2)));
      for (const { accepts } of whole)
        expect(accepts.map(each => each.id)).toEqual(expect.arrayContaining([id(1), id(2), id(3)]));
    });

    it('is given up as a whole while the store is away', async () => {
      const { store } = recordingStore(() => {
        throw new Transient('away');
      });
      const outcomes = await Promise.allSettled(group(writerOn(store, 100), 1, 3));
      for (const outcome of outcomes)
        expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(AcceptTimeoutError);
    });
  });
});
