import { BadRequestException, UsePipes, ValidationPipe } from '@nestjs/common';
import { IsInt } from 'class-validator';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  DurableContext,
  type DurableError,
  type DurableModuleOptions,
  DurableService,
  Handler,
  Step,
} from '../../lib/index.js';
import { type Application, Applications, type Running } from '../support/applications.js';
import { until } from '../support/until.js';

const QUICK = { retry: { maxAttempts: 3, initialDelay: 0 } };
const LIMIT = 2_048;

class Amount {
  @IsInt()
  readonly cents!: number;
}

const BAD_VALUES: Readonly<Record<string, () => unknown>> = {
  function: () => ({ items: [1, { callback: () => 1 }] }),
  symbol: () => ({ items: [1, { callback: Symbol('s') }] }),
  cycle: () => {
    const callback: Record<string, unknown> = {};
    callback.self = callback;
    return { items: [1, { callback }] };
  },
  promise: () => ({ items: [1, { callback: Promise.resolve(1) }] }),
};

/** Texts that databases and encodings are known to stumble over. */
const ODD_TEXTS = [
  'a\u0000b',
  '\u0000',
  '\ud800',
  'x\udc00y',
  '\udc00\ud800',
  '😀',
  '\u2028\ufeff',
  '\\u0000',
];

@DurableService()
class Shop {
  runs = 0;
  constructor(private readonly durable: DurableContext) {}

  @Handler(QUICK)
  async echo(value: unknown): Promise<unknown> {
    this.runs++;
    return value;
  }

  @Handler(QUICK)
  async viaStep(value: unknown): Promise<unknown> {
    return this.durable.run('echo', () => value);
  }

  @Handler(QUICK)
  async throwing(text: string): Promise<void> {
    throw Object.assign(new Error(text), { code: text, details: { text } });
  }

  @Handler(QUICK)
  async returns(kind: string): Promise<unknown> {
    this.runs++;
    return kind === 'large' ? 'x'.repeat(LIMIT) : BAD_VALUES[kind]?.();
  }

  @Handler(QUICK)
  async stepReturns(kind: string): Promise<unknown> {
    return this.durable.run(
      'bad',
      () => {
        this.runs++;
        return kind === 'large' ? 'x'.repeat(LIMIT) : BAD_VALUES[kind]?.();
      },
      QUICK,
    );
  }

  @Handler(QUICK)
  @UsePipes(new ValidationPipe({ transform: true }))
  async pay(amount: Amount): Promise<number> {
    this.runs++;
    return amount.cents;
  }

  @Step()
  async step(): Promise<void> {}
}

@DurableService()
class Forgotten {
  @Handler()
  async run(): Promise<void> {}
}

let applications: Applications;
let running: Running;
let shop: Shop;
beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({ providers: [Shop], durable: { limits: { payload: LIMIT } } });
  shop = running.app.get(Shop);
});
beforeEach(() => (shop.runs = 0));
afterAll(() => applications.close());

async function caught(promise: Promise<unknown>): Promise<DurableError> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: DurableError) => error,
  );
}

/** What is thrown by something that must not write a row. */
async function refused(work: () => Promise<unknown>): Promise<DurableError> {
  const before = await running.rows();
  const error = await caught(work());
  expect(await running.rows()).toEqual(before);
  return error;
}

async function schemas(): Promise<string[]> {
  const rows = await applications.query<{ name: string }>('SELECT nspname AS name FROM pg_namespace');
  return rows.map(({ name }) => name);
}

/** Why an application does not start. It leaves no connection behind. */
async function bootError(definition: Application): Promise<DurableError> {
  const error = await caught(applications.start(definition));
  // The server takes a moment to notice that a connection was closed.
  await until(
    'its connections are closed',
    async () => (await applications.database.connections('refused')) === 0,
  );
  return error;
}

function options(over: object): DurableModuleOptions {
  return { postgres: { url: applications.database.url, applicationName: 'refused' }, ...over };
}

describe('options', () => {
  it.each([
    ['an unknown one', { workers: 3 }, 'DURABLE_INVALID_OPTION', 'workers'],
    [
      'an unknown one within another',
      { worker: { concurency: 3 } },
      'DURABLE_INVALID_OPTION',
      'worker.concurency',
    ],
    ['a wrong value', { writers: 0 }, 'DURABLE_INVALID_OPTION', 'writers'],
    ['an invalid duration', { connectTimeout: '5 minutes' }, 'DURABLE_INVALID_DURATION', 'connectTimeout'],
    [
      'an invalid duration within another',
      { steps: { retry: { initialDelay: -1 } } },
      'DURABLE_INVALID_DURATION',
      'steps.retry.initialDelay',
    ],
  ])('refuse %s at boot, before anything is opened', async (_what, over, code, option) => {
    const before = await schemas();
    const error = await bootError({ durable: options(over) });
    expect(error).toMatchObject({ code, option });
    expect(error.message).toContain(option);
    expect(error.message).toContain('Allowed: ');
    expect(await schemas()).toEqual(before);
  });

  it('of a call refuse what is wrong before anything is written', async () => {
    const send = (over: object) => refused(() => running.client.send(Shop, over).echo(1));
    expect(await send({ delay: 'soon' })).toMatchObject({ code: 'DURABLE_INVALID_DURATION' });
    expect(await send({ idempotencykey: 'k' })).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    expect(await send({ delay: 1, at: new Date() })).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    for (const idempotencyKey of ['', 'a\u0000b', '\ud800', 'x'.repeat(513), 5]) {
      expect(await send({ idempotencyKey })).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    }
  });
});

describe('names', () => {
  it('of two services may not be the same: both classes are named', async () => {
    @DurableService({ name: 'orders' })
    class Orders {}
    @DurableService({ name: 'orders' })
    class OtherOrders {}
    const error = await bootError({ providers: [Orders, OtherOrders], durable: options({}) });
    expect(error).toMatchObject({ code: 'DURABLE_DUPLICATE_NAME', kind: 'service', duplicate: 'orders' });
    expect(error.message).toContain('Orders and by OtherOrders');
  });

  it('of two handlers of a service may not be the same: both methods are named', async () => {
    @DurableService()
    class Orders {
      @Handler({ name: 'place' })
      async one(): Promise<void> {}
      @Handler()
      async place(): Promise<void> {}
    }
    const error = await bootError({ providers: [Orders], durable: options({}) });
    expect(error).toMatchObject({ code: 'DURABLE_DUPLICATE_NAME', kind: 'handler', duplicate: 'place' });
    expect(error.message).toContain('Orders.one and by Orders.place');
  });

  it.each(['', 'a b', 'a\u0000', 'x'.repeat(129), '1st', 5 as unknown as string])(
    'of services and handlers are plain: %p is none',
    name => {
      const code = 'DURABLE_INVALID_NAME';
      expect(thrownBy(() => DurableService({ name }))).toMatchObject({ code });
      expect(thrownBy(() => decorate(Handler({ name }), 'method'))).toMatchObject({ code });
    },
  );

  it.each(['', 'a\u0000', '\ud800', 'x'.repeat(257)])('of steps are printable: %p is none', name => {
    expect(thrownBy(() => decorate(Step({ name }), 'method'))).toMatchObject({
      code: 'DURABLE_INVALID_NAME',
    });
  });
});

/** Members of every kind. */
class Members {
  static staticMethod(): void {}
  static get staticGetter(): number {
    return 1;
  }
  async method(): Promise<void> {}
  get getter(): number {
    return 1;
  }
  set setter(_value: number) {}
  async [Symbol.for('method')](): Promise<void> {}
}

type AnyDecorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

function decorate(
  decorator: unknown,
  key: string | symbol | undefined,
  target: object = Members.prototype,
): void {
  const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
  (decorator as AnyDecorator)(target, key, descriptor);
}

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('decorators', () => {
  const PLACES: [string, string | symbol | undefined, object, string][] = [
    ['a getter', 'getter', Members.prototype, 'Members.getter'],
    ['a setter', 'setter', Members.prototype, 'Members.setter'],
    ['a static method', 'staticMethod', Members, 'static Members.staticMethod'],
    ['a static getter', 'staticGetter', Members, 'static Members.staticGetter'],
    ['a field', 'field', Members.prototype, 'Members.field'],
    ['a method with a symbol for a name', Symbol.for('method'), Members.prototype, 'Members.Symbol(method)'],
    ['a class', undefined, Members, 'Members'],
  ];

  it.each(PLACES)('are refused on %s, which is named', (_what, key, target, place) => {
    for (const [decorator, name] of [
      [Step(), '@Step()'],
      [Handler(), '@Handler()'],
    ] as const) {
      const error = thrownBy(() => decorate(decorator, key, target));
      expect(error).toMatchObject({ code: 'DURABLE_INVALID_DECORATOR', decorator: name, target: place });
    }
  });

  it('with unknown options or invalid durations are refused, and the method is named', () => {
    const wrong = [
      [{ retries: 3 }, 'DURABLE_INVALID_OPTION'],
      [{ timeout: '5 minutes' }, 'DURABLE_INVALID_DURATION'],
      [{ retry: { maxAttempts: 0 } }, 'DURABLE_INVALID_OPTION'],
    ] as const;
    for (const [options, code] of wrong) {
      for (const decorator of [Step(options as object), Handler(options as object)]) {
        const error = thrownBy(() => decorate(decorator, 'method')) as DurableError;
        expect(error).toMatchObject({ code });
        expect(error.message).toContain('Members.method');
      }
    }
  });

  it('@Handler() needs @DurableService() on its class: an error at boot', async () => {
    class Plain {
      @Handler()
      async run(): Promise<void> {}
    }
    const error = await bootError({ providers: [Plain], durable: options({}) });
    expect(error).toMatchObject({ code: 'DURABLE_INVALID_DECORATOR', target: 'Plain.run' });
  });

  it('are read when the application starts: rules that the module makes impossible are errors then', async () => {
    @DurableService()
    class Impatient {
      @Handler({ retry: { initialDelay: '10m' } })
      async run(): Promise<void> {}
    }
    const error = await bootError({ providers: [Impatient], durable: options({}) });
    expect(error).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    expect(error.message).toContain('Impatient.run');
  });
});

describe('a call', () => {
  it('of a class that is not registered is refused', async () => {
    const error = await refused(() => running.client.send(Forgotten).run());
    expect(error).toMatchObject({
      code: 'DURABLE_NOT_REGISTERED',
      className: 'Forgotten',
      reason: 'not_provided',
    });
    const calls = running.client.send(Amount) as unknown as { run(): Promise<unknown> };
    const undecorated = await refused(() => calls.run());
    expect(undecorated).toMatchObject({ code: 'DURABLE_NOT_REGISTERED', reason: 'not_decorated' });
  });

  it('of a step, or of a method that does not exist, is refused', async () => {
    const client = running.client.send(Shop);
    expect(await refused(() => client.step())).toMatchObject({ code: 'DURABLE_NOT_A_HANDLER' });
    const missing = (client as unknown as typeof client & { eco(): Promise<unknown> }).eco;
    expect(await refused(() => missing())).toMatchObject({ code: 'DURABLE_UNKNOWN_HANDLER' });
  });

  it('with more arguments than are declared is refused', async () => {
    const echo = running.client.send(Shop).echo as (...args: number[]) => Promise<unknown>;
    expect(await refused(() => echo(1, 2))).toMatchObject({
      code: 'DURABLE_SURPLUS_ARGUMENTS',
      declared: 1,
      given: 2,
    });
  });

  it('with a DTO that fails validation is refused', async () => {
    const error = await refused(() => running.client.send(Shop).pay({ cents: 1.5 }));
    expect(error).toBeInstanceOf(BadRequestException);
    expect(shop.runs).toBe(0);
  });
});

describe.each(Object.keys(BAD_VALUES))('a value that cannot be stored: a %s', kind => {
  const code = 'DURABLE_UNSERIALISABLE_VALUE';

  it('is refused as an argument, by its path, before anything is written', async () => {
    const error = await refused(() => running.client.send(Shop).echo(BAD_VALUES[kind]?.()));
    expect(error).toMatchObject({ code, path: expect.stringMatching(/^\$\[0\]\.items\[1\]\.callback/) });
    const keyed = running.client.send(Shop, { idempotencyKey: 'bad' });
    expect(await refused(() => keyed.echo(BAD_VALUES[kind]?.()))).toMatchObject({ code });
  });

  it('fails the invocation as a result, by its path, at once', async () => {
    const { id, result, status } = await running.client.send(Shop).returns(kind);
    const error = await caught(result());
    expect(error).toMatchObject({ code, path: expect.stringMatching(/^\$\.items\[1\]\.callback/) });
    expect(await status()).toMatchObject({ status: 'failed', failedAttempts: 1 });
    expect(await running.client.journal(id)).toEqual([]);
    expect(shop.runs).toBe(1);
  });

  it('fails the step as its result, by its path, at once', async () => {
    const { id, result } = await running.client.send(Shop).stepReturns(kind);
    expect(await caught(result())).toMatchObject({ code });
    expect(await running.client.journal(id)).toMatchObject([{ outcome: 'error', failedTries: 1 }]);
    expect(shop.runs).toBe(1);
  });
});

describe('a value over the limit', () => {
  const code = 'DURABLE_PAYLOAD_TOO_LARGE';

  it('is refused as an argument before anything is written', async () => {
    const error = await refused(() => running.client.send(Shop).echo('x'.repeat(LIMIT)));
    expect(error).toMatchObject({ code, limit: LIMIT, option: 'limits.payload' });
    // In bytes, not in characters.
    expect(await refused(() => running.client.send(Shop).echo('€'.repeat(LIMIT / 2)))).toMatchObject({
      code,
    });
    expect(await running.client.call(Shop).echo('x'.repeat(LIMIT - 4))).toHaveLength(LIMIT - 4);
  });

  it('fails the invocation as a result, at once', async () => {
    const { result, status } = await running.client.send(Shop).returns('large');
    expect(await caught(result())).toMatchObject({ code });
    expect(await status()).toMatchObject({ status: 'failed', failedAttempts: 1 });
  });

  it('fails the step as its result, at once: its effect is not repeated', async () => {
    const { id, result } = await running.client.send(Shop).stepReturns('large');
    expect(await caught(result())).toMatchObject({ code });
    expect(await running.client.journal(id)).toMatchObject([{ outcome: 'error', failedTries: 1 }]);
    expect(shop.runs).toBe(1);
  });
});

describe.each(ODD_TEXTS)('the text %j', text => {
  it('comes through as an argument, a result, a key of an object and a result of a step', async () => {
    const value = { text, [text]: [text] };
    expect(await running.client.call(Shop).echo(value)).toEqual(value);
    expect(await running.client.call(Shop).viaStep(value)).toEqual(value);
    expect(shop.runs).toBe(1);
  });

  it('comes through in an error, which ends the invocation as any other does', async () => {
    const { result, status } = await running.client.send(Shop).throwing(text);
    expect(await caught(result())).toMatchObject({ message: text, code: text, details: { text } });
    expect(await status()).toMatchObject({ status: 'failed', failedAttempts: 3 });
  });
});

describe('a database that cannot be used', () => {
  it('is tried for as long as connectTimeout says, with log, and then named, without its password', async () => {
    const server = createServer(socket => socket.destroy());
    await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const postgres = `postgres://shop:canary-4711@127.0.0.1:${port}/orders`;
    const error = await caught(
      applications.start({ providers: [Shop], durable: { postgres, connectTimeout: '1s' } }),
    );
    expect(error).toMatchObject({
      code: 'DURABLE_STORE_UNAVAILABLE',
      host: '127.0.0.1',
      port,
      database: 'orders',
    });
    expect((error as unknown as { attempts: number }).attempts).toBeGreaterThan(1);
    expect(error.message).not.toContain('canary');
    await new Promise(closed => server.close(closed));
  });

  it('is refused if a newer version has migrated it, and is left as it is', async () => {
    const { schema, close } = await applications.start({ providers: [Shop] });
    await close();
    const migrations = async (): Promise<unknown[]> =>
      applications.query(`SELECT * FROM ${schema}.migration ORDER BY id`);
    await applications.query(
      `INSERT INTO ${schema}.migration (timestamp, name) VALUES (9999999999999, 'Later9999999999999')`,
    );
    const before = await migrations();
    const error = await bootError({ providers: [Shop], durable: options({ schema }) });
    expect(error).toMatchObject({
      code: 'DURABLE_SCHEMA_TOO_NEW',
      schema,
      migrations: ['Later9999999999999'],
    });
    expect(await migrations()).toEqual(before);
  });

  it('is not needed to find a mistake in the options', async () => {
    const durable = { postgres: 'postgres://127.0.0.1:1/none', writers: 0 };
    expect(await caught(applications.start({ durable }))).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
  });
});

describe('once', () => {
  it('all that is bad was refused, the application works as before', async () => {
    expect(await running.client.call(Shop).echo('good')).toBe('good');
  });
});
