import { type INestApplication, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import {
  DurableClient,
  DurableContext,
  DurableModule,
  DurableService,
  Handler,
  Step,
} from '../../lib/index.js';
import { DURABLE_BACKEND } from '../../lib/options/tokens.js';
import type { Backend } from '../../lib/runtime/backend.js';
import { CrashError, DurableTesting, DurableTestingModule } from '../../lib/testing/index.js';
import { ledger, type Order, OrderService, PaymentGateway, Warehouse } from './shop.js';

const ORDER: Order = { id: 'o1', sku: 'book', euros: 20 };

@Injectable()
class Work {
  @Step()
  async left(): Promise<string> {
    return 'left';
  }

  @Step()
  async right(): Promise<string> {
    return 'right';
  }
}

@DurableService()
class Faulty {
  private seen = 0;

  constructor(
    private readonly work: Work,
    private readonly durable: DurableContext,
  ) {}

  @Handler()
  async branches(): Promise<string> {
    return Math.random() < 0.5 ? this.work.left() : this.work.right();
  }

  @Handler()
  async awaits(): Promise<string> {
    await this.work.left();
    await new Promise(resolve => setTimeout(resolve, 1));
    return this.work.right();
  }

  @Handler()
  async remembers(): Promise<number> {
    this.seen++;
    await this.work.left();
    return this.seen;
  }

  @Handler()
  async identifies(): Promise<string> {
    await this.work.left();
    return `${this.durable.uuid()} ${this.durable.random()} ${this.durable.now().toISOString()}`;
  }

  @Handler()
  async nothing(): Promise<void> {}
}

describe('crashEverywhere()', () => {
  let app: INestApplication;
  let tools: DurableTesting;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [DurableModule.forRoot(), DurableTestingModule.forRoot({ idleLimit: '20s' })],
      providers: [OrderService, PaymentGateway, Warehouse, Work, Faulty],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    tools = app.get(DurableTesting);
  }, 180_000);
  afterAll(() => app.close());
  beforeEach(() => {
    ledger.length = 0;
    tools.steps.restore();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const failure = async (run: Promise<unknown>): Promise<CrashError> => {
    const error: unknown = await run.then(
      () => 'nothing was found',
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CrashError);
    return error as CrashError;
  };

  it('is green for a good handler: with retries, a timer, calls of an object, and its state', async () => {
    tools.steps.fail(PaymentGateway, 'charge', { times: 1 });
    const { result, crashes } = await tools.crashEverywhere(async client =>
      (await client.call(OrderService).checkout(ORDER)).slice(0, 10),
    );
    expect(result).toBe('payment-o1');
    expect(await app.get(DurableClient).call(Warehouse, { key: 'book' }).available()).toBe(2);
    const charge = 'entry 0 of OrderService.checkout (step PaymentGateway.charge';
    for (const crash of [
      'after the acceptance of OrderService.checkout',
      `before ${charge}, failed try 1)`,
      `after ${charge}, failed try 1)`,
      `before ${charge}, ok)`,
      `after ${charge}, ok)`,
      'after entry 2 of OrderService.checkout (sleep, begun)',
      'after the outcome (completed) of Warehouse.reserve',
      'before the outcome (completed) of OrderService.checkout',
      'after the outcome (completed) of OrderService.checkout',
    ])
      expect(crashes).toContain(crash);
  }, 180_000);

  it('is green for one that ends badly and is undone, and throws what it throws', async () => {
    const checkout = tools.crashEverywhere(client =>
      client.call(OrderService).checkout({ ...ORDER, sku: 'rare' }),
    );
    await expect(checkout).rejects.toThrow(/^out of stock$/);
  }, 180_000);

  it('lets a test signal on the way', async () => {
    const { result } = await tools.crashEverywhere(async client => {
      const order = await client.send(OrderService).approval(ORDER);
      await tools.idle();
      await client.signal(order.id, 'approve', 'Ada');
      return (await order.result()).slice(0, 7);
    });
    expect(result).toBe('o1: Ada');
  }, 180_000);

  it('has the same ids, random numbers and time in each run', async () => {
    const { result } = await tools.crashEverywhere(client => client.call(Faulty).identifies());
    expect(result).toContain(tools.clock.now().toISOString());
  }, 180_000);

  it('puts back what invoke() depends on', async () => {
    const prepared: number[] = [];
    const { crashes } = await tools.crashEverywhere(client => client.call(OrderService).capture('p1'), {
      prepare: () => prepared.push(ledger.splice(0).length),
    });
    expect(prepared).toHaveLength(crashes.length + 1);
  }, 180_000);

  it('goes red for a handler that branches by Math.random(), and shows both journals', async () => {
    let calls = 0;
    // Every other run of the handler takes the other branch; the library has chances of its own.
    const ofHandler = (): number => (calls++ % 2 === 0 ? 0.1 : 0.9);
    const isHandler = (): boolean => /\bbranches\b/.test(new Error().stack ?? '');
    jest.spyOn(Math, 'random').mockImplementation(() => (isHandler() ? ofHandler() : 0.5));
    const error = await failure(tools.crashEverywhere(client => client.call(Faulty).branches()));
    expect(error.message).toMatch(/^A crash (before|after) /);
    expect(error.journals.expected).toMatch(/#0 step Work\.(left|right): ok/);
    expect(error.journals.actual).toContain('Faulty.branches');
  }, 180_000);

  it('goes red for a handler that awaits what is not durable', async () => {
    const error = await failure(tools.crashEverywhere(client => client.call(Faulty).awaits()));
    expect(error.problem).toMatch(
      /not deterministic\. UnjournaledAwaitError: Faulty\.awaits called step Work\.right/,
    );
  }, 180_000);

  it('goes red for a handler that depends on a field of its provider', async () => {
    const error = await failure(tools.crashEverywhere(client => client.call(Faulty).remembers()));
    expect(error.problem).toMatch(/the outcome was \d+, and \d+ without it/);
  }, 180_000);

  it('goes red for what depends on what earlier runs have done', async () => {
    const error = await failure(
      tools.crashEverywhere(async client => (await client.call(OrderService).capture('p1')) + ledger.length),
    );
    expect(error.problem).toMatch(/the outcome was 'captured p1\d'/);
  }, 180_000);

  it('goes red if a replay loses an entry: the step is run again though it is recorded', async () => {
    const { store } = app.get<Backend>(DURABLE_BACKEND);
    const journals = store.journals.bind(store);
    // The store is a proxy over the methods of its class.
    const proto = Object.getPrototypeOf(store) as typeof store;
    jest.spyOn(proto, 'journals').mockImplementation(async ids => {
      const found = await journals(ids);
      return new Map([...found].map(([id, entries]) => [id, entries.filter(({ index }) => index !== 0)]));
    });
    const error = await failure(tools.crashEverywhere(client => client.call(OrderService).capture('p1')));
    expect(error.problem).toContain(
      'step PaymentGateway.capture was run again, although its outcome was recorded',
    );
  }, 180_000);

  it('says if there was nothing to crash', async () => {
    const error = await failure(tools.crashEverywhere(async () => 'nothing'));
    expect(error.problem).toBe('none was possible: invoke() led to no commit');
  });

  it('leaves the application as usable as it was', async () => {
    await tools.crashEverywhere(client => client.call(Faulty).nothing());
    expect(await app.get(DurableClient).call(OrderService).capture('p2')).toBe('captured p2');
  }, 180_000);
});
