import { Test } from '@nestjs/testing';
import { DurableContext, DurableModule, DurableService, Handler, Step } from '../../lib/index.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';

@DurableService()
class Wrong {
  @Step({ compensate: 'refnd' })
  async pay(): Promise<void> {}

  async refund(): Promise<void> {}
}

@DurableService()
class Itself {
  @Step({ compensate: { method: 'pay' } })
  async pay(): Promise<void> {}
}

@DurableService()
class Nothing {
  @Step({ compensate: 'missing' })
  async pay(): Promise<void> {}

  @Handler()
  async run(): Promise<void> {}
}

describe('bad input of sagas', () => {
  let database: ScratchDatabase;
  beforeAll(async () => void (database = await createScratchDatabase()));
  afterAll(() => database.drop());

  const start = async (provider: new () => object): Promise<unknown> => {
    const module = await Test.createTestingModule({
      imports: [DurableModule.forRoot({ postgres: database.url, worker: false })],
      providers: [provider],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    return app
      .init()
      .then(() => app.close())
      .catch((error: unknown) => error);
  };

  it.each([
    [Wrong, 'Wrong.pay', /Wrong\.refnd is no method.*did you mean "refund"/],
    [Itself, 'Itself.pay', /cannot be its own compensation/],
    [Nothing, 'Nothing.pay', /Nothing\.missing is no method; methods: run/],
  ])('refuses %p at boot: class, step and method are named', async (provider, target, message) => {
    expect(await start(provider)).toMatchObject({
      code: 'DURABLE_INVALID_DECORATOR',
      target,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ['a number', 5],
    ['no name', ''],
    ['an object without a method', {}],
    ['an unknown option', { method: 'refund', retries: 3 }],
    ['a wrong retry', { method: 'refund', retry: { maxAttempts: 0 } }],
  ])('refuses %s at the decorator', (_, compensate) => {
    expect(() =>
      Step({ compensate: compensate as string })({}, 'pay', { value: async () => undefined }),
    ).toThrow(
      expect.objectContaining({
        code: 'DURABLE_INVALID_OPTION',
        option: expect.stringContaining('compensate') as string,
      }) as Error,
    );
  });

  it('refuses bad names, functions and options of DurableContext.compensate, and does nothing outside', () => {
    const durable = new DurableContext();
    const undo = (): never => {
      throw new Error('it was run');
    };
    for (const name of ['', 'a\nb', 'x'.repeat(257), 5]) {
      expect(() => durable.compensate(name as string, undo)).toThrow(
        expect.objectContaining({ code: 'DURABLE_INVALID_NAME', kind: 'compensation' }) as Error,
      );
    }
    expect(() => durable.compensate('x', 'undo' as never)).toThrow(/undo.*a function/);
    expect(() => durable.compensate('x', undo, { retries: 1 } as never)).toThrow(
      /retries.*did you mean "retry"/,
    );
    expect(() => durable.run('x', undo, { compensate: 'y' } as never)).toThrow(/compensate.*does not exist/);
    expect(durable.compensate('x', undo)).toBeUndefined();
  });
});
