import {
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  Shared,
  Step,
  TerminalError,
  VirtualObject,
} from '../../lib/index.js';
import { Latch } from '../support/latch.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

interface CounterState {
  count: number;
  log: string[];
}

const RUNNING = new Map<string, number>();
let gate = new Latch();
let knots = 0;
/** Which code `Counter.rewritten` has. */
let version = 'before';

@VirtualObject()
class Counter {
  constructor(
    private readonly state: ObjectState<CounterState>,
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async add(by: number): Promise<number> {
    await this.alone();
    return this.state.update('count', (count = 0) => count + by);
  }

  @Handler()
  async append(entry: string): Promise<string[]> {
    return this.state.update('log', (log = []) => [...log, entry]);
  }

  @Handler()
  async hold(): Promise<string> {
    await this.durable.run('hold', () => {
      this.recorder.note('held');
      return gate.wait();
    });
    return this.durable.key;
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async addAndFail(by: number): Promise<never> {
    await this.state.update('count', (count = 0) => count + by);
    throw new TerminalError('after the write');
  }

  @Handler({ retry: { maxAttempts: 2, initialDelay: 600, jitter: false } })
  async addAtSecondAttempt(by: number): Promise<number> {
    const count = await this.state.update('count', (count = 0) => count + by);
    if (this.durable.attempt === 1) throw new Error('once more');
    return count;
  }

  @Handler()
  async rewritten(): Promise<void> {
    await this.durable.run(version, () => this.recorder.note(version));
    await this.durable.signal('go on');
  }

  @Handler()
  async reset(): Promise<string[]> {
    await this.state.clear();
    return this.state.keys();
  }

  @Handler()
  async across(ms: number): Promise<number[]> {
    const before = await this.state.update('count', (count = 0) => count + 1);
    await this.durable.sleep(ms);
    return [before, await this.state.update('count', (count = 0) => count + 1)];
  }

  @Shared()
  async read(): Promise<number | undefined> {
    return this.state.get('count');
  }

  @Shared({ retry: { maxAttempts: 1 } })
  async cheat(): Promise<void> {
    await this.state.set('count', 0);
  }

  /** Two of one key at once are an error. */
  @Step()
  async alone(): Promise<void> {
    const { key } = this.durable;
    RUNNING.set(key, (RUNNING.get(key) ?? 0) + 1);
    await new Promise(resolve => setTimeout(resolve, 2));
    if (RUNNING.get(key) !== 1) this.recorder.note(`two at once on ${key}`);
    RUNNING.set(key, (RUNNING.get(key) ?? 0) - 1);
  }
}

@VirtualObject({ name: 'OtherCounter' })
class Other {
  constructor(private readonly state: ObjectState<CounterState>) {}

  @Shared()
  async read(): Promise<number | undefined> {
    return this.state.get('count');
  }
}

@VirtualObject()
class Knot {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async tie(other: string): Promise<string> {
    await this.durable.run('both are held', () => {
      if (++knots === 2) gate.open();
      return gate.wait();
    });
    try {
      return await this.durable.call(Knot, { key: other, timeout: 300 }).nothing();
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  /** Calls the first key, has it call the second, and so on. */
  @Handler()
  async chain(keys: string[]): Promise<string> {
    const [next, ...rest] = keys;
    if (next === undefined) return 'had it';
    return this.durable.call(Knot, { key: next }).chain(rest);
  }

  @Handler()
  async nothing(): Promise<string> {
    return 'had it';
  }
}

@DurableService()
class Caller {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async addTo(keys: string[]): Promise<number[]> {
    return Promise.all(keys.map(key => this.durable.call(Counter, { key }).add(1)));
  }
}

const PROVIDERS = [Counter, Other, Knot, Caller, Recorder];
/** Keys that separators, globs, normalisation or encodings might take for each other. */
const KEYS = [
  'a',
  'A',
  'a ',
  'a:b',
  'a/b',
  '{a}',
  '{a}:b',
  '*',
  'a\nb',
  'a\tb',
  'é',
  'e\u0301',
  '😀',
  "'",
  '"',
  '\\',
  '%',
];

describe.each(BACKENDS)('virtual objects on %s', backend => {
  let stage: Stage;
  let one: Staged;
  const object = (key: string) => one.client.call(Counter, { key, timeout: '25s' });
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: PROVIDERS });
  });
  beforeEach(() => {
    gate = new Latch();
    knots = 0;
    one.app.get(Recorder).take();
  });
  afterAll(() => stage.close());

  it('have one writer per key: no update is lost', async () => {
    const added = await Promise.all(Array.from({ length: 40 }, (_, i) => object(`w${i % 2}`).add(1)));
    expect(added.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => Math.floor(i / 2) + 1));
    expect(one.app.get(Recorder).take()).toEqual([]);
  });

  it('run the exclusive handlers of a key in the order of their accepts', async () => {
    const handles = [];
    for (let i = 0; i < 20; i++) handles.push(await one.client.send(Counter, { key: 'fifo' }).append(`${i}`));
    expect(await handles.at(-1)?.result({ timeout: '20s' })).toEqual(
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
  });

  it('do not share state, nor order, whatever the characters of their keys', async () => {
    for (const [i, key] of KEYS.entries()) expect(await object(key).add(i + 1)).toBe(i + 1);
    for (const [i, key] of KEYS.entries()) {
      expect(await object(key).read()).toBe(i + 1);
      expect(await one.client.call(Other, { key, timeout: '20s' }).read()).toBeUndefined();
    }
    const held = await Promise.all(KEYS.map(key => one.client.send(Counter, { key }).hold()));
    await until('all are held at once', () => one.app.get(Recorder).count('held') === KEYS.length);
    gate.open();
    expect(await Promise.all(held.map(({ result }) => result({ timeout: '20s' })))).toEqual(KEYS);
  });

  it('let shared handlers read beside an exclusive one', async () => {
    await object('beside').add(3);
    const held = await one.client.send(Counter, { key: 'beside' }).hold();
    await until('it is held', () => one.app.get(Recorder).count('held') === 1);
    const queued = await one.client.send(Counter, { key: 'beside' }).add(1);
    expect(await object('beside').read()).toBe(3);
    expect((await queued.status()).finishedAt).toBeNull();
    gate.open();
    await held.result({ timeout: '20s' });
    expect(await queued.result({ timeout: '20s' })).toBe(4);
  });

  it('refuse that a shared handler writes', async () => {
    await object('cheat').add(1);
    await expect(object('cheat').cheat()).rejects.toMatchObject({ code: 'DURABLE_SHARED_STATE' });
    expect(await object('cheat').read()).toBe(1);
  });

  it('keep what a handler wrote that failed, and go on with the next', async () => {
    await expect(object('fails').addAndFail(5)).rejects.toThrow('after the write');
    expect(await object('fails').add(1)).toBe(6);
  });

  it('are held by a handler that backs off: the next one starts after its last attempt', async () => {
    const first = await one.client.send(Counter, { key: 'backing off' }).addAtSecondAttempt(1);
    await until('it backs off', async () => (await first.status()).status === 'backing_off');
    const second = await one.client.send(Counter, { key: 'backing off' }).add(10);
    expect(await object('backing off').read()).toBe(1);
    expect(await second.status()).toMatchObject({ status: 'scheduled', dueAt: null });
    // What the first attempt wrote is recorded: the second one does not write it again.
    expect(await first.result({ timeout: '20s' })).toBe(1);
    expect(await second.result({ timeout: '20s' })).toBe(11);
  });

  it('are held by a handler that is paused, as its code has changed', async () => {
    const paused = await one.client.send(Counter, { key: 'paused' }).rewritten();
    await until('it waits', async () => (await one.client.journal(paused.id)).length === 2);
    await one.close();
    version = 'after';
    one = await stage.start({ providers: PROVIDERS });
    await one.client.signal(paused.id, 'go on');
    const { status } = one.client.get(paused.id);
    await until('it is paused', async () => (await status()).status === 'paused');
    version = 'before';
    expect((await status()).error).toMatchObject({ code: 'DURABLE_JOURNAL_MISMATCH' });
    const behind = await one.client.send(Counter, { key: 'paused' }).add(1);
    expect(await object('not paused').add(1)).toBe(1);
    expect(await object('paused').read()).toBeUndefined();
    expect(await behind.status()).toMatchObject({ status: 'scheduled', dueAt: null });
  });

  it('forget what is cleared', async () => {
    await object('clear').add(1);
    await object('clear').append('a');
    expect(await object('clear').reset()).toEqual([]);
    expect(await object('clear').read()).toBeUndefined();
    expect(await one.client.state(Counter, 'clear').all()).toEqual({});
  });

  it('keep their key and their state across a wait, a restart and a replay', async () => {
    const across = await one.client.send(Counter, { key: 'across' }).across(800);
    await until('it sleeps', async () =>
      (await one.client.journal(across.id)).some(({ kind }) => kind === 'sleep'),
    );
    const behind = await one.client.send(Counter, { key: 'across' }).add(10);
    await one.close();
    one = await stage.start({ providers: PROVIDERS });
    expect(await one.client.get(across.id).result({ timeout: '20s' })).toEqual([1, 2]);
    expect(await one.client.get(behind.id).result({ timeout: '20s' })).toBe(12);
  });

  it('are called by handlers', async () => {
    const called = one.client.call(Caller, { timeout: '20s' });
    expect((await called.addTo(['c1', 'c2', 'c1'])).sort()).toEqual([1, 1, 2]);
  });

  it('that call each other are freed by the timeout', async () => {
    const knot = (key: string, other: string) => one.client.call(Knot, { key, timeout: '25s' }).tie(other);
    const results = await Promise.all([knot('left', 'right'), knot('right', 'left')]);
    expect(results.every(result => result === 'DURABLE_WAIT_TIMEOUT')).toBe(true);
  });

  it('are not called where the call would wait for its own caller', async () => {
    const chain = (key: string, keys: string[]) => one.client.call(Knot, { key, timeout: '25s' }).chain(keys);
    await expect(chain('x', ['x'])).rejects.toMatchObject({ code: 'DURABLE_DEADLOCK' });
    await expect(chain('x', ['y', 'z', 'x'])).rejects.toMatchObject({ code: 'DURABLE_DEADLOCK' });
    expect(await chain('x', ['y', 'z'])).toBe('had it');
  });

  it('tell one request of each key by its idempotency key', async () => {
    const options = { idempotencyKey: `same ${backend}`, timeout: '20s' } as const;
    expect(await one.client.call(Counter, { ...options, key: 'k1' }).add(1)).toBe(1);
    expect(await one.client.call(Counter, { ...options, key: 'k1' }).add(1)).toBe(1);
    expect(await one.client.call(Counter, { ...options, key: 'k2' }).add(1)).toBe(1);
    expect(await object('k1').read()).toBe(1);
  });

  it('show their key', async () => {
    const { status, result } = await one.client.send(Counter, { key: 'sku "1"' }).add(1);
    await result({ timeout: '20s' });
    expect(await status()).toMatchObject({ service: 'Counter', key: 'sku "1"', parentId: null });
  });

  it('are read and edited by hand, unless a handler has them', async () => {
    const state = one.client.state<CounterState>(Counter, 'edit');
    expect([await state.get('count'), await state.all()]).toEqual([undefined, {}]);
    await state.set('count', 41);
    expect(await object('edit').add(1)).toBe(42);
    await state.set('log', ['by hand']);
    expect(await state.all()).toEqual({ count: 42, log: ['by hand'] });
    await state.delete('log');
    expect([await state.get('log'), await object('edit').read()]).toEqual([undefined, 42]);
    const held = await one.client.send(Counter, { key: 'edit' }).hold();
    await until('it is held', () => one.app.get(Recorder).count('held') === 1);
    const busy = { code: 'DURABLE_OBJECT_BUSY', service: 'Counter', key: 'edit' };
    await expect(state.set('count', 0)).rejects.toMatchObject(busy);
    await expect(state.delete('count')).rejects.toMatchObject(busy);
    expect(await state.get('count')).toBe(42);
    gate.open();
    await held.result({ timeout: '20s' });
    await state.set('count', 0);
    expect(await object('edit').read()).toBe(0);
  });

  it('may be delayed, and then take their turn when they are due', async () => {
    const late = await one.client.send(Counter, { key: 'late', delay: 300 }).append('delayed');
    await one.client.call(Counter, { key: 'late', timeout: '20s' }).append('at once');
    expect(await late.result({ timeout: '20s' })).toEqual(['at once', 'delayed']);
  });
});

describe.each(['PostgreSQL', 'PostgreSQL and Redis'] as const)(
  'virtual objects of two workers on %s',
  backend => {
    it('have one writer per key over both', async () => {
      const stage = await Stage.open(backend);
      const apps = [await stage.start({ providers: PROVIDERS }), await stage.start({ providers: PROVIDERS })];
      const added = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          (apps[i % 2] as Staged).client.call(Counter, { key: 'both', timeout: '25s' }).add(1),
        ),
      );
      expect(added.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
      expect(apps.flatMap(({ app }) => app.get(Recorder).take())).toEqual([]);
      await stage.close();
    });
  },
);
