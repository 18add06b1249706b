import {
  CancelledError,
  DurableContext,
  DurableService,
  Handler,
  type InvocationInfo,
  KilledError,
  PausedError,
  VirtualObject,
} from '../../lib/index.js';
import { Latch } from '../support/latch.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

let gate = new Latch();

@DurableService()
class Trips {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async wait(name: string): Promise<string> {
    return this.durable.signal<string>(name);
  }

  @Handler()
  async book(): Promise<string> {
    await this.durable.run('book', () => this.recorder.note('booked'));
    try {
      return await this.durable.signal<string>('go');
    } catch (error) {
      await this.durable.run('undo', () => this.recorder.note('undone'));
      await this.durable.sleep(20);
      throw error;
    }
  }

  @Handler()
  async stubborn(): Promise<string> {
    const first = await this.durable.signal<string>('go').catch((error: unknown) => (error as Error).name);
    return `${first} and went on`;
  }

  @Handler()
  async long(): Promise<string> {
    await this.durable.run('long', async () => {
      this.recorder.note('began');
      await new Promise<void>((resolve, reject) => {
        this.durable.abortSignal.addEventListener('abort', () => {
          this.recorder.note('aborted');
          reject(new Error('aborted'));
        });
        void gate.wait().then(resolve);
      });
    });
    return 'done';
  }

  @Handler()
  async parent(): Promise<string> {
    return this.durable.call(Trips).book();
  }

  @Handler({ retry: { maxAttempts: 5, initialDelay: '60s' } })
  async backsOff(): Promise<string> {
    if (this.durable.attempt === 1) throw new Error('once');
    return this.durable.signal<string>('go');
  }
}

@VirtualObject()
class Desk {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async sit(name: string): Promise<string> {
    return this.durable.signal<string>(name);
  }
}

const PROVIDERS = [Trips, Desk, Recorder];

describe.each(BACKENDS)('control on %s', backend => {
  let stage: Stage;
  let one: Staged;
  const recorded = (): string[] => one.app.get(Recorder).take();
  const waits = (id: string) =>
    until('it waits', async () =>
      (await one.client.journal(id)).some(({ kind, outcome }) => kind !== 'step' && outcome === 'open'),
    );
  const failure = async (id: string): Promise<unknown> =>
    one.client
      .get(id)
      .result({ timeout: '20s' })
      .catch((error: unknown) => error);
  const childOf = async (id: string): Promise<InvocationInfo> => {
    const children = async () => (await one.client.list({ parent: id })).items;
    await until('the child is there', async () => (await children()).length === 1);
    return (await children())[0]!;
  };
  const statusOf = async (id: string): Promise<string> => (await one.client.get(id).status()).status;

  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: PROVIDERS });
  });
  beforeEach(() => {
    gate = new Latch();
    recorded();
  });
  afterAll(() => stage.close());

  it('cancels: the wait is rejected, the handler makes good what it did, and the status says so', async () => {
    const { id } = await one.client.send(Trips).book();
    await waits(id);
    await one.client.cancel(id);
    expect(await failure(id)).toBeInstanceOf(CancelledError);
    expect(recorded()).toEqual(['booked', 'undone']);
    expect(await statusOf(id)).toBe('cancelled');
  });

  it('cancels with all calls that it waits for', async () => {
    const { id } = await one.client.send(Trips).parent();
    await waits(id);
    const child = await childOf(id);
    await waits(child.id);
    await one.client.cancel(id);
    expect(await failure(id)).toMatchObject({ code: 'DURABLE_CANCELLED', invocationId: id });
    expect(await failure(child.id)).toMatchObject({ code: 'DURABLE_CANCELLED', invocationId: child.id });
    expect([await statusOf(id), await statusOf(child.id)]).toEqual(['cancelled', 'cancelled']);
    expect(recorded()).toEqual(['booked', 'undone']);
  });

  it('cancels a running step through its signal', async () => {
    const { id } = await one.client.send(Trips).long();
    await until('it runs', () => one.app.get(Recorder).count('began') === 1);
    await one.client.cancel(id);
    expect(await failure(id)).toBeInstanceOf(CancelledError);
    expect(recorded()).toEqual(['began', 'aborted']);
  });

  it('leaves it to the handler to go on', async () => {
    const { id } = await one.client.send(Trips).stubborn();
    await waits(id);
    await one.client.cancel(id);
    expect(await one.client.get(id).result({ timeout: '20s' })).toBe('CancelledError and went on');
    expect(await statusOf(id)).toBe('completed');
  });

  it('cancels what has not begun without its handler, and frees its place in the queue', async () => {
    const later = await one.client.send(Trips, { delay: '1h' }).book();
    await one.client.cancel(later.id);
    expect(await failure(later.id)).toBeInstanceOf(CancelledError);
    const [first, second, third] = [
      await one.client.send(Desk, { key: 'd' }).sit('first'),
      await one.client.send(Desk, { key: 'd' }).sit('second'),
      await one.client.send(Desk, { key: 'd' }).sit('third'),
    ];
    await one.client.cancel(second.id);
    await one.client.signal(first.id, 'first', 1);
    await one.client.signal(third.id, 'third', 3);
    expect(await first.result({ timeout: '20s' })).toBe(1);
    expect(await third.result({ timeout: '20s' })).toBe(3);
    expect(await statusOf(second.id)).toBe('cancelled');
    expect(recorded()).toEqual([]);
  });

  it('cancels what backs off at once', async () => {
    const { id } = await one.client.send(Trips).backsOff();
    await until('it backs off', async () => (await statusOf(id)) === 'backing_off');
    await one.client.cancel(id);
    expect(await failure(id)).toBeInstanceOf(CancelledError);
  });

  it('kills a whole tree without its handlers, and frees what it held', async () => {
    const { id } = await one.client.send(Trips).parent();
    await waits(id);
    const child = await childOf(id);
    await waits(child.id);
    await one.client.kill(id);
    expect(await failure(id)).toBeInstanceOf(KilledError);
    expect(await failure(child.id)).toBeInstanceOf(KilledError);
    expect(recorded()).toEqual(['booked']);

    const held = await one.client.send(Desk, { key: 'k' }).sit('never');
    await waits(held.id);
    const next = await one.client.send(Desk, { key: 'k' }).sit('next');
    await one.client.kill(held.id);
    await one.client.signal(next.id, 'next', 'mine');
    expect(await next.result({ timeout: '20s' })).toBe('mine');
  });

  it('kills what runs: it can record nothing more', async () => {
    const { id } = await one.client.send(Trips).long();
    await until('it runs', () => one.app.get(Recorder).count('began') === 1);
    await one.client.kill(id);
    expect(await failure(id)).toBeInstanceOf(KilledError);
    await until('it is told', () => one.app.get(Recorder).count('aborted') === 1);
    gate.open();
    expect(await one.client.journal(id)).toEqual([]);
  });

  it('pauses and resumes: nothing goes on meanwhile, signals are kept', async () => {
    const { id } = await one.client.send(Trips).wait('go');
    await waits(id);
    await one.client.pause(id);
    await one.client.pause(id);
    expect((await one.client.get(id).status()).error).toBeInstanceOf(PausedError);
    await one.client.signal(id, 'go', 'kept');
    expect(await statusOf(id)).toBe('paused');
    await one.client.resume(id);
    expect(await one.client.get(id).result({ timeout: '20s' })).toBe('kept');
  });

  it('pauses what runs, and runs its step again', async () => {
    const { id } = await one.client.send(Trips).long();
    await until('it runs', () => one.app.get(Recorder).count('began') === 1);
    await one.client.pause(id);
    await until('it is told', () => one.app.get(Recorder).count('aborted') === 1);
    gate.open();
    await one.client.resume(id);
    expect(await one.client.get(id).result({ timeout: '20s' })).toBe('done');
    expect(recorded()).toEqual(['began', 'aborted', 'began']);
  });

  it('refuses by named errors', async () => {
    const unknown = '01890000-0000-7000-8000-00000000dead';
    const { id, result } = await one.client.send(Trips, { idempotencyKey: `over ${backend}` }).stubborn();
    await expect(one.client.resume(id)).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_NOT_PAUSED' });
    await one.client.signal(id, 'go', 'x');
    await result({ timeout: '20s' });
    for (const order of ['cancel', 'kill', 'pause', 'resume'] as const) {
      await expect(one.client[order](unknown)).rejects.toMatchObject({
        code: 'DURABLE_INVOCATION_NOT_FOUND',
      });
      await expect(one.client[order]('x')).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_NOT_FOUND' });
      await expect(one.client[order](id)).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_OVER' });
    }
  });
});
