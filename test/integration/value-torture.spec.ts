import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { JsonCodec } from '../../lib/codec/index.js';
import {
  DurableClient,
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  ObjectState,
  OnDurableEvent,
  Step,
  VirtualObject,
} from '../../lib/index.js';
import { form } from '../support/form.js';
import { Stage, type Staged } from '../support/stage.js';
import { anyValue, KEPT_VALUES, REFUSED_VALUES } from '../support/torture.js';
import { until } from '../support/until.js';

const SEED = Number(process.env.FC_SEED ?? 20_261_121);
/** On the embedded database everything comes one after the other, on this thread. */
const RANDOM_EMBEDDED = form(1_000, 20);
const RANDOM = form(1_000, 100);
const MEGABYTE = 2 ** 20;
const ONCE = { retry: { maxAttempts: 1 } };
/** What must not be tried again would be, three times. */
const THRICE = { retry: { maxAttempts: 3, initialDelay: 0 } };
const UNSERIALISABLE = 'DURABLE_UNSERIALISABLE_VALUE';

/** The values under test, by number: their originals are in this process only. */
let originals: unknown[] = [];
/** Where something came back changed, as `place of value n`. */
let changed: string[] = [];
/** Steps that ran, by name. */
let runs: string[] = [];
const heard = new Set<number>();

const codec = new JsonCodec();

/** Compares in both ways: by what JavaScript sees, and by the text, which tells apart what `deepEqual` does not. */
function check(place: string, n: number, got: unknown): void {
  const original = originals[n];
  const same = isDeepStrictEqual(got, original) && codec.encode(got) === codec.encode(original);
  if (!same) changed.push(`${place} of value ${n}`);
}

@DurableEvent('torture.carried')
class Carried {
  readonly n!: number;
  readonly value!: unknown;
}

@DurableService()
class Places {
  constructor(
    private readonly durable: DurableContext,
    private readonly client: DurableClient,
  ) {}

  /** Takes a value through all that a plain service can journal, and looks at it again on every replay. */
  @Handler(ONCE)
  async carry(n: number, input: unknown): Promise<unknown> {
    check('input', n, input);
    check('step', n, await this.durable.run('step', () => originals[n]));
    check('method', n, await this.method(n));
    const thrown: unknown = await this.failing(n).catch((error: unknown) => error);
    check('error', n, (thrown as { details?: unknown }).details);
    this.durable.set('progress', originals[n]);
    const { id } = this.durable.invocation;
    const { id: awakeable, promise } = this.durable.awakeable();
    await this.durable.run('send both', async () => {
      await this.client.signal(id, 'signal', originals[n]);
      await this.client.resolveAwakeable(awakeable, originals[n]);
    });
    check('signal', n, await this.durable.signal('signal'));
    check('awakeable', n, await promise);
    check('child', n, await this.durable.call(Places).echo(originals[n]));
    await this.durable.publish(Object.assign(new Carried(), { n, value: originals[n] }));
    await this.durable.call(Drawer, { key: String(n) }).keep(n);
    return input;
  }

  @Handler(ONCE)
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  @OnDurableEvent(Carried)
  async hear(event: Carried): Promise<void> {
    check('event', event.n, event.value);
    heard.add(event.n);
  }

  /** What each place says of a value that it cannot take. */
  @Handler(THRICE)
  async refuse(n: number): Promise<string[]> {
    const value = originals[n];
    const said: string[] = [];
    const attempt = async (place: string, use: () => unknown): Promise<void> => {
      const error: unknown = await Promise.resolve()
        .then(use)
        .then(
          () => 'taken',
          (thrown: unknown) => thrown,
        );
      const { code, path } = error as { code?: string; path?: string };
      said.push(`${place}: ${code} ${path}`);
    };
    await attempt('step', () =>
      this.durable.run('refused', () => (runs.push(`refused ${n}`), value), THRICE),
    );
    await attempt('progress', () => this.durable.set('progress', value));
    await attempt('child', () => this.durable.call(Places).echo(value));
    await attempt('send', () => this.durable.send(Places).echo(value));
    await attempt('event', () => this.durable.publish(Carried, { n, value }));
    await this.durable.sleep(1);
    return said;
  }

  @Handler(THRICE)
  async returns(n: number): Promise<unknown> {
    runs.push(`returned ${n}`);
    return originals[n];
  }

  @Step(ONCE)
  async method(n: number): Promise<unknown> {
    return originals[n];
  }

  @Step(ONCE)
  async failing(n: number): Promise<void> {
    throw Object.assign(new Error('kept'), { details: originals[n] });
  }
}

@VirtualObject()
class Drawer {
  constructor(
    private readonly durable: DurableContext,
    private readonly state: ObjectState,
  ) {}

  @Handler(ONCE)
  async keep(n: number): Promise<void> {
    await this.state.set('value', originals[n]);
    check('state', n, this.state.get('value'));
    await this.durable.sleep(1);
    check('state after a wait', n, this.state.get('value'));
  }

  @Handler(ONCE)
  async put(n: number): Promise<void> {
    await this.state.set('value', originals[n]);
  }
}

describe.each(['embedded', 'PostgreSQL, suspending at once'] as const)('S29 value torture on %s', backend => {
  let stage: Stage;
  let staged: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    staged = await stage.start({ providers: [Places, Drawer] });
  }, 120_000);
  beforeEach(() => {
    [originals, changed, runs] = [[], [], []];
    heard.clear();
  });
  afterEach(() => expect(({} as { polluted?: unknown }).polluted).toBeUndefined());
  afterAll(() => stage.close());

  const random = backend === 'embedded' ? RANDOM_EMBEDDED : RANDOM;
  const RANDOM_VALUES = fc.sample(anyValue(), { seed: SEED, numRuns: random });

  it(`gives back every value as it was, wherever it goes (${random} random ones, seed ${SEED})`, async () => {
    originals = [...KEPT_VALUES.map(([, value]) => value), ...RANDOM_VALUES];
    const { client } = staged;
    await Promise.all(
      originals.map(async (value, n) => {
        const handle = await client.send(Places).carry(n, value);
        check('result', n, await handle.result({ timeout: '60s' }));
        check('progress', n, await client.query(handle.id, 'progress'));
        check('state, seen by a client', n, await client.state(Drawer, String(n)).get('value'));
      }),
    );
    await until('every event was handled', () => heard.size === originals.length, 20_000);
    expect(changed).toEqual([]);
  }, 120_000);

  it('refuses every value that cannot be stored, at the call, by its path, and once', async () => {
    originals = REFUSED_VALUES.map(([, value]) => value);
    const { client } = staged;
    const before = (await client.list({ handler: 'echo', limit: 1 })).items[0]?.id;
    await Promise.all(
      REFUSED_VALUES.map(async ([, value, path], n) => {
        const below = (root: string): string => path.replace('$', root);
        const atCall = (root: string): object => ({ code: UNSERIALISABLE, path: below(root) });
        await expect(client.send(Places).echo(value)).rejects.toMatchObject(atCall('$[0]'));
        await expect(client.publish(Carried, { n, value })).rejects.toMatchObject(atCall('$[0].data.value'));
        const { id, result, status } = await client.send(Places).returns(n);
        await expect(result({ timeout: '60s' })).rejects.toMatchObject(atCall('$'));
        expect(await status()).toMatchObject({ status: 'failed', failedAttempts: 1 });
        await expect(client.signal(id, 'late', value)).rejects.toMatchObject(atCall('$'));
        await expect(client.state(Drawer, 'a').set('value', value)).rejects.toMatchObject(atCall('$'));
        await expect(client.call(Drawer, { key: 'b' }).put(n)).rejects.toMatchObject(atCall('$'));
        const said = await client.call(Places, { timeout: '60s' }).refuse(n);
        const places = { step: '$', progress: '$', child: '$[0]', send: '$[0]', event: '$[0].data.value' };
        expect(said).toEqual(
          Object.entries(places).map(([place, root]) => `${place}: ${UNSERIALISABLE} ${below(root)}`),
        );
      }),
    );
    expect(runs.sort()).toEqual(originals.flatMap((_, n) => [`refused ${n}`, `returned ${n}`]).sort());
    expect((await client.list({ handler: 'echo', limit: 1 })).items[0]?.id).toBe(before);
    expect(await client.state(Drawer, 'a').get('value')).toBeUndefined();
    expect(await client.state(Drawer, 'b').get('value')).toBeUndefined();
  }, 120_000);

  it('gives back the data of an event of a class as it was, or refuses it by its property', async () => {
    originals = [...KEPT_VALUES.map(([, value]) => value), ...RANDOM_VALUES];
    const { client } = staged;
    const published = await Promise.all(
      originals.map(async (value, n) =>
        client.publish(Carried, { n, value }).then(
          () => n,
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'DURABLE_INVALID_EVENT', event: 'torture.carried' });
            return undefined;
          },
        ),
      ),
    );
    const kept = published.filter(n => n !== undefined);
    expect(kept.length).toBeGreaterThan(originals.length / 3);
    await until('every event was handled', () => kept.every(n => heard.has(n)), 20_000);
    expect(changed).toEqual([]);
  }, 60_000);

  it('refuses 10 MB everywhere, and 100 MB, by the limit, at the call, and once', async () => {
    originals = ['x'.repeat(10 * MEGABYTE)];
    const { client } = staged;
    const tooLarge = { code: 'DURABLE_PAYLOAD_TOO_LARGE', limit: MEGABYTE, option: 'limits.payload' };
    await expect(client.send(Places).echo('x'.repeat(100 * MEGABYTE))).rejects.toMatchObject(tooLarge);
    await expect(client.send(Places).echo(originals[0])).rejects.toMatchObject(tooLarge);
    await expect(client.publish(Carried, { n: 0, value: originals[0] })).rejects.toMatchObject(tooLarge);
    const { id, result } = await client.send(Places).returns(0);
    await expect(result({ timeout: '60s' })).rejects.toMatchObject(tooLarge);
    await expect(client.signal(id, 'late', originals[0])).rejects.toMatchObject(tooLarge);
    await expect(client.state(Drawer, 'a').set('value', originals[0])).rejects.toMatchObject(tooLarge);
    await expect(client.call(Drawer, { key: 'b' }).put(0)).rejects.toMatchObject(tooLarge);
    const said = await client.call(Places, { timeout: '60s' }).refuse(0);
    expect(said).toEqual(
      ['step', 'progress', 'child', 'send', 'event'].map(place => `${place}: ${tooLarge.code} undefined`),
    );
    expect(runs.sort()).toEqual(['refused 0', 'returned 0']);
  }, 120_000);
});
