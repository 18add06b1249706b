import { JsonCodec } from '../../lib/codec/index.js';
import { type Codec, DurableContext, DurableService, Handler } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { until } from '../support/until.js';

const json = new JsonCodec();
const UNSERIALISABLE = { code: 'DURABLE_UNSERIALISABLE_VALUE', path: '$' };

/** What a codec makes of a value against its contract, by a word in the value. */
const BROKEN: Readonly<Record<string, () => unknown>> = {
  nul: () => 'a\0b',
  surrogate: () => 'a\ud800b',
  number: () => 5,
  nothing: () => undefined,
  promise: () => Promise.resolve('"late"'),
};

const codec: Codec = {
  encode(value) {
    const text = json.encode(value);
    const broken = Object.keys(BROKEN).find(word => text.includes(`"${word}"`));
    return broken === undefined ? text : (BROKEN[broken]?.() as string);
  },
  decode(text) {
    if (isLost && text.includes('secret')) throw new RangeError('the key of this text is lost');
    return json.decode(text);
  },
};

const THRICE = { retry: { maxAttempts: 3, initialDelay: 0 } };
let runs = 0;
/** Whether the codec no longer reads what it has written. */
let isLost = false;

@DurableService()
class Echo {
  constructor(private readonly durable: DurableContext) {}

  @Handler(THRICE)
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  @Handler(THRICE)
  async step(letters: string[]): Promise<unknown> {
    return this.durable.run('join', () => (runs++, letters.join('')), THRICE);
  }

  @Handler(THRICE)
  async fails(letters: string[]): Promise<void> {
    throw Object.assign(new Error('kept'), { details: letters.join('') });
  }

  @Handler(THRICE)
  async remembers(): Promise<unknown> {
    const value = await this.durable.run('remember', () => (runs++, 'secret'));
    await this.durable.signal('go');
    return value;
  }
}

let applications: Applications;
let running: Running;
beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({ providers: [Echo], durable: { codec, worker: { residency: 0 } } });
});
beforeEach(() => (runs = 0));
afterAll(() => applications.close());

describe.each(Object.keys(BROKEN))('S29 value torture: a codec that makes a %s of a value', word => {
  it('is refused at the call, once, and disturbs nobody in the same batch', async () => {
    const { client } = running;
    const before = await running.rows();
    const good = Array.from({ length: 5 }, (_, n) => client.call(Echo).echo(n));
    await expect(client.send(Echo).echo(word)).rejects.toMatchObject(UNSERIALISABLE);
    expect(await Promise.all(good)).toEqual([0, 1, 2, 3, 4]);
    expect((await running.rows()).invocations).toBe(before.invocations + good.length);

    await expect(client.call(Echo).step([...word])).rejects.toMatchObject(UNSERIALISABLE);
    expect(runs).toBe(1);
    await expect(client.call(Echo).fails([...word])).rejects.toThrow('kept');
  });
});

describe('S29 value torture: a stored text that the codec no longer reads', () => {
  it('ends in a state that says so, and is not tried for ever', async () => {
    const { client } = running;
    const { id, status } = await client.send(Echo).remembers();
    await until('it waits', async () => (await status()).status === 'suspended');
    isLost = true;
    await client.signal(id, 'go');
    await until('it has come to rest', async () => ['failed', 'paused'].includes((await status()).status));
    expect(runs).toBe(1);
    const { failedAttempts, error } = await status();
    expect(failedAttempts).toBeLessThanOrEqual(3);
    expect(error?.message).toContain('lost');
  });
});
