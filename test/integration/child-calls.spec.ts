import { DurableContext, DurableService, Handler, Step, TerminalError } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

@DurableService()
class Children {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async double(value: number): Promise<number> {
    await this.note(`double ${value}`);
    return value * 2;
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async fail(message: string): Promise<never> {
    throw new TerminalError(message, { details: { message } });
  }

  @Handler()
  async slow(ms: number): Promise<string> {
    await this.durable.sleep(ms);
    return 'slow';
  }

  @Step()
  async note(event: string): Promise<void> {
    this.recorder.note(event);
  }
}

@DurableService()
class Parents {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async sum(count: number): Promise<number> {
    const doubled = Array.from({ length: count }, (_, i) => this.durable.call(Children).double(i));
    return (await Promise.all(doubled)).reduce((sum, one) => sum + one, 0);
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async caught(message: string): Promise<unknown> {
    try {
      return await this.durable.call(Children).fail(message);
    } catch (error) {
      const { message: text, details } = error as TerminalError;
      return [error instanceof TerminalError, text, details];
    }
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async uncaught(message: string): Promise<unknown> {
    return this.durable.call(Children).fail(message);
  }

  @Handler()
  async impatient(ms: number): Promise<unknown> {
    try {
      return await this.durable.call(Children, { timeout: 50 }).slow(ms);
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  @Handler()
  async sends(value: number): Promise<unknown> {
    const { id, result } = await this.durable.send(Children).double(value);
    return [id, await result(), await this.durable.attach<number>(id)];
  }

  @Handler()
  async keyed(key: string): Promise<number> {
    const one = this.durable.call(Children, { idempotencyKey: key }).double(21);
    const other = this.durable.call(Children, { idempotencyKey: key }).double(21);
    return (await one) + (await other);
  }

  @Handler()
  async waits(ms: number): Promise<string> {
    await this.note('before');
    const result = await this.durable.call(Children).slow(ms);
    await this.note('after');
    return result;
  }

  @Handler()
  async leaves(value: number): Promise<string> {
    await this.durable.send(Children, { delay: 100 }).double(value);
    return 'left';
  }

  @Step()
  async note(event: string): Promise<void> {
    this.recorder.note(event);
  }
}

const PROVIDERS = [Children, Parents, Recorder];
const PATIENT = { timeout: '25s' } as const;

describe.each(BACKENDS)('calls of handlers on %s', backend => {
  let stage: Stage;
  let one: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: PROVIDERS });
  });
  beforeEach(() => void one.app.get(Recorder).take());
  afterAll(() => stage.close());

  it('give the results of their children, each run once', async () => {
    expect(await one.client.call(Parents, PATIENT).sum(50)).toBe(2_450);
    const events = one.app.get(Recorder).take();
    expect(events.sort()).toEqual(Array.from({ length: 50 }, (_, i) => `double ${i}`).sort());
  });

  it('work for more children than the worker has slots', async () => {
    await one.close();
    one = await stage.start({ providers: PROVIDERS, durable: { worker: { concurrency: 2 } } });
    expect(await one.client.call(Parents, PATIENT).sum(10)).toBe(90);
    await one.close();
    one = await stage.start({ providers: PROVIDERS });
  });

  it('throw what their child failed with, as an error of its class', async () => {
    expect(await one.client.call(Parents, PATIENT).caught('no')).toEqual([true, 'no', { message: 'no' }]);
    const error: unknown = await one.client
      .call(Parents, PATIENT)
      .uncaught('never')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ message: 'never', details: { message: 'never' } });
  });

  it('wait no longer than their timeout; the child goes on', async () => {
    const { id, result } = await one.client.send(Parents).impatient(400);
    expect(await result(PATIENT)).toBe('DURABLE_WAIT_TIMEOUT');
    const { items } = await one.client.list({ parent: id });
    expect(items).toHaveLength(1);
    expect(await one.client.get(items[0]?.id as string).result(PATIENT)).toBe('slow');
  });

  it('show the tree: children by their parent, the parent in each of them', async () => {
    const { id, result } = await one.client.send(Parents).sum(3);
    await result(PATIENT);
    const { items } = await one.client.list({ parent: id.toUpperCase() });
    expect(items.map(({ parentId, service, handler, key }) => [parentId, service, handler, key])).toEqual(
      Array.from({ length: 3 }, () => [id, 'Children', 'double', null]),
    );
    expect((await one.client.get(id).status()).parentId).toBeNull();
    expect((await one.client.list({ parent: items[0]?.id as string })).items).toEqual([]);
  });

  it('may be sent, and awaited later by their handle or their id', async () => {
    const [id, ...results] = (await one.client.call(Parents, PATIENT).sends(4)) as [string, number, number];
    expect(results).toEqual([8, 8]);
    expect((await one.client.get(id).status()).status).toBe('completed');
  });

  it('go on after their parent is over, if nobody waits', async () => {
    const { id, result } = await one.client.send(Parents).leaves(7);
    expect(await result(PATIENT)).toBe('left');
    const [child] = (await one.client.list({ parent: id })).items;
    expect(await one.client.get(child?.id as string).result(PATIENT)).toBe(14);
  });

  it('run once under an idempotency key, the client included', async () => {
    expect(await one.client.call(Parents, PATIENT).keyed(`k ${backend}`)).toBe(84);
    const fromClient = one.client.call(Children, { ...PATIENT, idempotencyKey: `k ${backend}` });
    expect(await fromClient.double(21)).toBe(42);
    expect(one.app.get(Recorder).take()).toEqual(['double 21']);
  });

  it('are awaited on in another process; what was before them is not repeated', async () => {
    const { id } = await one.client.send(Parents).waits(800);
    await until('the child sleeps', async () => (await one.client.list({ parent: id })).items.length === 1);
    expect(one.app.get(Recorder).take()).toEqual(['before']);
    await one.close();
    one = await stage.start({ providers: PROVIDERS });
    expect(await one.client.get(id).result(PATIENT)).toBe('slow');
    expect(one.app.get(Recorder).take()).toEqual(['after']);
    expect((await one.client.list({ parent: id })).items).toHaveLength(1);
  });
});
