import {
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  Step,
  TerminalError,
  VirtualObject,
} from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

let broken = true;

@DurableService()
class Orders {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async place(item: string): Promise<string> {
    const step = <T>(name: string, result: () => T): Promise<T> =>
      this.durable.run(name, () => {
        this.recorder.note(name);
        return result();
      });
    const id = this.durable.uuid();
    const [price, stock] = await Promise.all([step('price', () => 3), step('stock', () => 5)]);
    await this.durable.sleep(1);
    const child = await this.durable.call(Orders).ship(item);
    const total = await step('total', () => {
      if (broken) throw new TerminalError('no total');
      return price * stock;
    });
    return `${child} for ${total} as ${id}`;
  }

  @Handler()
  async ship(item: string): Promise<string> {
    this.recorder.note('ship');
    return `${item} shipped`;
  }

  @Handler()
  async waits(): Promise<string> {
    return this.durable.signal<string>('go');
  }
}

@DurableService()
class Rooms {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Step({ compensate: 'cancel' })
  async reserve(room: string): Promise<string> {
    this.recorder.note(`reserve ${room}`);
    return `key of ${room}`;
  }

  async cancel(room: string, key: string | undefined): Promise<void> {
    this.recorder.note(`cancel ${room}, ${key}`);
  }

  @Handler()
  async book(): Promise<string> {
    const key = await this.reserve('one');
    await this.durable.run('pay', () => {
      this.recorder.note('pay');
      if (broken) throw new TerminalError('no money');
    });
    return key;
  }
}

@VirtualObject()
class Counter {
  constructor(private readonly state: ObjectState<{ count: number }>) {}

  @Handler()
  async add(by: number): Promise<number> {
    return this.state.update('count', (count = 0) => count + by);
  }
}

describe.each(BACKENDS)('restart on %s', backend => {
  let stage: Stage;
  let one: Staged;
  const recorded = (): string[] => one.app.get(Recorder).take();
  const failed = async (): Promise<string> => {
    broken = true;
    const { id, result } = await one.client.send(Orders).place('pen');
    await expect(result({ timeout: '20s' })).rejects.toThrow('no total');
    broken = false;
    recorded();
    return id;
  };
  const indexOf = async (id: string, name: string): Promise<number> =>
    (await one.client.journal(id)).find(entry => entry.name === name)!.index;

  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [Orders, Rooms, Counter, Recorder] });
  });
  beforeEach(() => void recorded());
  afterAll(() => stage.close());

  it('repeats what was called from the entry on, and nothing before it', async () => {
    const id = await failed();
    const again = await one.client.restart<string>(id, { from: await indexOf(id, 'total') });
    expect(again.id).not.toBe(id);
    expect(await again.result({ timeout: '20s' })).toMatch(/^pen shipped for 15 as /);
    expect(recorded()).toEqual(['total']);
    expect((await one.client.get(id).status()).status).toBe('failed');
  });

  it('gives the random numbers that the entries were made with, however often it is restarted', async () => {
    const id = await failed();
    const uuids = new Set<string>();
    for (let last = id, round = 0; round < 3; round++) {
      const { id: next, result } = await one.client.restart<string>(last, {
        from: await indexOf(last, 'total'),
      });
      uuids.add((await result({ timeout: '20s' })).split(' as ')[1]!);
      last = next;
    }
    expect(uuids.size).toBe(1);
  });

  it('from one of two that were called together takes over the first one', async () => {
    const id = await failed();
    const { result } = await one.client.restart(id, { from: await indexOf(id, 'stock') });
    expect(await result({ timeout: '20s' })).toMatch(/^pen shipped for 15 as /);
    expect(recorded()).toEqual(['stock', 'ship', 'total']);
  });

  it('does everything anew by default', async () => {
    const id = await failed();
    await (await one.client.restart(id)).result({ timeout: '20s' });
    expect(recorded()).toEqual(['price', 'stock', 'ship', 'total']);
  });

  it('of what was undone counts what it takes over as done, and undoes it if it fails again', async () => {
    broken = true;
    const { id, result } = await one.client.send(Rooms).book();
    await expect(result({ timeout: '20s' })).rejects.toThrow('no money');
    expect(recorded()).toEqual(['reserve one', 'pay', 'cancel one, key of one']);
    const again = await one.client.restart(id, { from: 1 });
    await expect(again.result({ timeout: '20s' })).rejects.toThrow('no money');
    expect(recorded()).toEqual(['pay', 'cancel one, key of one']);
    broken = false;
    expect(await (await one.client.restart(id)).result({ timeout: '20s' })).toBe('key of one');
    expect(recorded()).toEqual(['reserve one', 'pay']);
    await expect(one.client.restart(id, { from: 2 })).rejects.toMatchObject({
      code: 'DURABLE_ENTRY_NOT_FOUND',
    });
  });

  it('of an object queues for it, and goes on from its state', async () => {
    const { id, result } = await one.client.send(Counter, { key: backend }).add(2);
    expect(await result({ timeout: '20s' })).toBe(2);
    expect(await (await one.client.restart(id)).result({ timeout: '20s' })).toBe(4);
  });

  it('is refused by named errors', async () => {
    const { id } = await one.client.send(Orders).waits();
    await until('it runs', async () => (await one.client.journal(id)).length > 0);
    await expect(one.client.restart(id)).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_NOT_OVER' });
    await one.client.kill(id);
    await expect(one.client.restart(id, { from: 1 })).rejects.toMatchObject({
      code: 'DURABLE_ENTRY_NOT_FOUND',
      index: 1,
    });
    for (const unknown of ['x', '01890000-0000-7000-8000-00000000dead'])
      await expect(one.client.restart(unknown)).rejects.toMatchObject({
        code: 'DURABLE_INVOCATION_NOT_FOUND',
      });
    for (const from of [-1, 1.5, '1', NaN, 2 ** 31] as number[])
      await expect(one.client.restart(id, { from })).rejects.toMatchObject({
        code: 'DURABLE_INVALID_OPTION',
      });
  });
});
