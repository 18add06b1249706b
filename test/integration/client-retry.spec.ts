import {
  DurableContext,
  DurableService,
  Handler,
  InvocationNotFailedError,
  Step,
  TerminalError,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { Recorder } from '../support/recorder.js';
import { until } from '../support/until.js';

const ONCE = { retry: { maxAttempts: 1 } };

@DurableService()
class Shop {
  /** What is out of order: a step fails as long as its name is here. */
  readonly broken = new Set<string>();
  readonly gates = new Map<string, () => void>();

  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler(ONCE)
  async sequence(): Promise<string[]> {
    return [await this.work('one'), await this.work('two'), await this.work('three')];
  }

  @Handler(ONCE)
  async wrapped(): Promise<string> {
    try {
      return await this.work('wrapped');
    } catch (cause) {
      throw new TerminalError('it did not work', { cause });
    }
  }

  @Handler(ONCE)
  async caught(): Promise<string> {
    const first = await this.work('optional').catch(() => 'without');
    return `${first} ${await this.work('needed')}`;
  }

  @Handler(ONCE)
  async branches(): Promise<string[]> {
    return Promise.all([this.work('left'), this.work('right')]);
  }

  @Handler(ONCE)
  async compensated(): Promise<string> {
    try {
      return await this.work('charge');
    } catch (error) {
      await this.work('refund');
      throw error;
    }
  }

  @Handler(ONCE)
  async own(): Promise<string> {
    const done = await this.work('before');
    if (this.broken.has('handler')) throw new Error('handler is broken');
    return done;
  }

  @Handler()
  async gated(): Promise<void> {
    await this.durable.run('gate', () => new Promise<void>(resolve => this.gates.set('gate', resolve)));
  }

  @Step({ ...ONCE, name: 'work' })
  protected async work(name: string): Promise<string> {
    this.recorder.note(name);
    if (this.broken.has(name)) throw new RangeError(`${name} is broken`);
    return name;
  }
}

let applications: Applications;
let worker: Running;
let sender: Running;
let shop: Shop;
let recorder: Recorder;
beforeAll(async () => {
  applications = await Applications.open();
  worker = await applications.start({ providers: [Shop, Recorder] });
  sender = await applications.start({ schema: worker.schema, durable: { worker: false } });
  shop = worker.app.get(Shop);
  recorder = worker.app.get(Recorder);
});
beforeEach(() => {
  shop.broken.clear();
  recorder.take();
});
afterAll(() => applications.close());

type Failing = 'sequence' | 'wrapped' | 'caught' | 'branches' | 'compensated' | 'own';

/** Lets a method fail because of what is broken, repairs it, and tries again; what ran before and after. */
async function failAndRetry(
  method: Failing,
  ...broken: string[]
): Promise<{ before: string[]; after: string[]; result: unknown; names: string[] }> {
  for (const name of broken) shop.broken.add(name);
  const { id, result, status } = await worker.client.send(Shop)[method]();
  await expect(result()).rejects.toThrow();
  expect(await status()).toMatchObject({ status: 'failed', worker: null, dueAt: null });
  const before = recorder.take();
  shop.broken.clear();
  await sender.client.retry(id);
  const again = await sender.client.get(id).result();
  expect(await status()).toMatchObject({ status: 'completed', error: null, failedAttempts: 0 });
  const names = (await worker.client.journal(id)).map(({ name, outcome }) => `${name} ${outcome}`);
  return { before, after: recorder.take(), result: again, names };
}

describe('retry of a failed invocation', () => {
  it('runs the step again whose failure was its end, and no recorded one', async () => {
    expect(await failAndRetry('sequence', 'two')).toEqual({
      before: ['one', 'two'],
      after: ['two', 'three'],
      result: ['one', 'two', 'three'],
      names: ['work ok', 'work ok', 'work ok'],
    });
  });

  it('finds the step behind an error that wraps its failure', async () => {
    const { before, after, result } = await failAndRetry('wrapped', 'wrapped');
    expect({ before, after, result }).toEqual({ before: ['wrapped'], after: ['wrapped'], result: 'wrapped' });
  });

  it('keeps a failure that the handler caught: it is part of its story', async () => {
    const { before, after, result } = await failAndRetry('caught', 'optional', 'needed');
    expect(before).toEqual(['optional', 'needed']);
    expect({ after, result }).toEqual({ after: ['needed'], result: 'without needed' });
  });

  it('keeps what ran beside the failed step', async () => {
    const { before, after, result } = await failAndRetry('branches', 'right');
    expect(before.sort()).toEqual(['left', 'right']);
    expect({ after, result }).toEqual({ after: ['right'], result: ['left', 'right'] });
  });

  it('drops what was called because of the failure', async () => {
    expect(await failAndRetry('compensated', 'charge')).toEqual({
      before: ['charge', 'refund'],
      after: ['charge'],
      result: 'charge',
      names: ['work ok'],
    });
  });

  it('runs the handler alone, if it failed by itself', async () => {
    const { before, after, result } = await failAndRetry('own', 'handler');
    expect({ before, after, result }).toEqual({ before: ['before'], after: [], result: 'before' });
  });

  it('fails again, visibly, if nothing is repaired, and can be retried without end', async () => {
    shop.broken.add('two');
    const { id, result } = await worker.client.send(Shop).sequence();
    await expect(result()).rejects.toThrow('two is broken');
    for (let again = 0; again < 3; again++) {
      await worker.client.retry(id);
      await expect(worker.client.get(id).result()).rejects.toThrow(RangeError);
    }
    expect(recorder.take()).toEqual(['one', 'two', 'two', 'two', 'two']);
  });

  it('is refused for one that has not failed, and changes nothing', async () => {
    const running = await worker.client.send(Shop).gated();
    await until('the step runs', () => shop.gates.has('gate'));
    const scheduled = await sender.client.send(Shop, { delay: '1d' }).own();
    const completed = await worker.client.send(Shop).own();
    await completed.result();
    for (const [{ id }, status] of [
      [running, 'running'],
      [scheduled, 'scheduled'],
      [completed, 'completed'],
    ] as const) {
      const before = await sender.client.get(id).status();
      const error: unknown = await sender.client.retry(id).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InvocationNotFailedError);
      expect(error).toMatchObject({ code: 'DURABLE_INVOCATION_NOT_FAILED', invocationId: id, status });
      expect(await sender.client.get(id).status()).toEqual(before);
    }
    shop.gates.get('gate')?.();
    await running.result();
  });

  it('happens once if it is asked for twice at the same time', async () => {
    shop.broken.add('two');
    const { id, result } = await worker.client.send(Shop).sequence();
    await expect(result()).rejects.toThrow();
    recorder.take();
    shop.broken.clear();
    const asked = await Promise.allSettled([sender.client.retry(id), sender.client.retry(id)]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await sender.client.get(id).result()).toEqual(['one', 'two', 'three']);
    expect(recorder.take()).toEqual(['two', 'three']);
  });
});
