import {
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  Shared,
  VirtualObject,
} from '../../lib/index.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';

/** Texts that an encoding, a separator, a pattern or a normalisation might take for each other. */
const CONFUSING = [
  'a',
  'A',
  'a ',
  ' a',
  'a:b',
  'a::b',
  'a/b',
  'a,b',
  '{a}',
  '{a',
  'a}',
  '}{',
  '{}',
  '*',
  '?',
  '[a]',
  '%61',
  '%',
  '_',
  '123',
  '0123',
  '1e3',
  '1000',
  'null',
  'NULL',
  'undefined',
  '__proto__',
  'constructor',
  'é',
  'e\u0301',
  'ﬁ',
  'fi',
  'Å',
  'A\u030a',
  '😀',
  "a'b",
  'a"b',
  'a\\b',
  'a\\\\b',
  'x'.repeat(255),
  'x'.repeat(256),
];
/** Keys of objects may have these too, and be longer. */
const KEYS = [...CONFUSING, 'a\nb', 'a\r\nb', 'a\tb', '\u2028', 'x'.repeat(1_024), `${'x'.repeat(1_023)}y`];

@VirtualObject()
class Cell {
  constructor(
    private readonly state: ObjectState,
    private readonly durable: DurableContext,
  ) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async write(value: string): Promise<string> {
    await this.state.set('value', value);
    // While it holds its object, those of all other keys go on.
    await this.durable.signal('go');
    return this.durable.key;
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async names(names: string[]): Promise<unknown> {
    for (const [at, name] of names.entries()) await this.state.set(name, at);
    return names.map(name => this.state.get(name));
  }

  @Shared()
  async read(): Promise<unknown> {
    return this.state.get('value');
  }
}

@DurableService()
class Plain {
  constructor(private readonly durable: DurableContext) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async echo(value: string): Promise<string> {
    return value;
  }

  /** Takes the signals of many names, in an order that is not that of their sending. */
  @Handler({ retry: { maxAttempts: 1 } })
  async hears(names: string[]): Promise<unknown[]> {
    return Promise.all(names.map(name => this.durable.signal(name)));
  }
}

describe.each(BACKENDS)('S32 keys that could be taken for each other, on %s', backend => {
  let stage: Stage;
  let staged: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    staged = await stage.start({ providers: [Cell, Plain] });
  });
  afterAll(() => stage.close());

  it('are objects of their own: none waits for another, or sees what another has', async () => {
    const { client } = staged;
    const handles = await Promise.all(KEYS.map((key, at) => client.send(Cell, { key }).write(`value ${at}`)));
    expect(new Set(handles.map(({ id }) => id)).size).toBe(KEYS.length);
    // All of them have to be within their handlers at once, or none would ever get the signal that the last one sends.
    for (const handle of handles.toReversed()) await client.signal(handle.id, 'go');
    expect(await Promise.all(handles.map(handle => handle.result({ timeout: '25s' })))).toEqual(KEYS);
    const values = await Promise.all(KEYS.map(key => client.call(Cell, { key, timeout: '25s' }).read()));
    expect(values).toEqual(KEYS.map((_, at) => `value ${at}`));
  }, 60_000);

  it('are names of a state of their own', async () => {
    const { client } = staged;
    const cell = client.call(Cell, { key: 'names', timeout: '25s' });
    expect(await cell.names(CONFUSING)).toEqual(CONFUSING.map((_, at) => at));
    const state = client.state(Cell, 'names');
    expect(await Promise.all(CONFUSING.map(name => state.get(name)))).toEqual(CONFUSING.map((_, at) => at));
  });

  it('are idempotency keys of their own', async () => {
    const { client } = staged;
    const send = (key: string) => client.send(Plain, { idempotencyKey: key }).echo(key);
    const handles = await Promise.all(CONFUSING.map(send));
    expect(new Set(handles.map(({ id }) => id)).size).toBe(CONFUSING.length);
    expect(await Promise.all(handles.map(handle => handle.result({ timeout: '25s' })))).toEqual(CONFUSING);
    expect((await Promise.all(CONFUSING.map(send))).map(({ id }) => id)).toEqual(handles.map(({ id }) => id));
  });

  it('are signals of their own', async () => {
    const { client } = staged;
    const { id, result } = await client.send(Plain).hears(CONFUSING);
    for (const name of CONFUSING.toReversed()) await client.signal(id, name, name);
    expect(await result({ timeout: '25s' })).toEqual(CONFUSING);
  });

  it('are schedules of their own', async () => {
    const { schedules } = staged.client;
    for (const name of CONFUSING) await schedules.create(Plain, { name, every: '30d' }).echo(name);
    expect((await schedules.list()).map(({ name }) => name).sort()).toEqual([...CONFUSING].sort());
    for (const name of CONFUSING.slice(1)) await schedules.delete(name);
    expect((await schedules.list()).map(({ name }) => name)).toEqual(['a']);
  });

  it('are refused where no text stands for them, or they are too long', async () => {
    const { client } = staged;
    const refused = { code: 'DURABLE_OBJECT_KEY' };
    for (const key of [123, '', null, `${'x'.repeat(1_024)}y`, 'é'.repeat(513)])
      await expect(client.call(Cell, { key: key as string }).read()).rejects.toMatchObject(refused);
    for (const key of [123, '', 'a\nb', 'x'.repeat(513)])
      await expect(send(client, key as string)).rejects.toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    const long = { code: 'DURABLE_INVALID_NAME' };
    await expect(client.state(Cell, 'a').set('x'.repeat(257), 1)).rejects.toMatchObject(long);
  });
});

function send(client: Staged['client'], idempotencyKey: string): Promise<unknown> {
  return client.send(Plain, { idempotencyKey }).echo('x');
}
