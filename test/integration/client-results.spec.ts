import { HttpException, HttpStatus, NotFoundException } from '@nestjs/common';
import {
  ClientClosedError,
  DurableService,
  Handler,
  InvocationNotFoundError,
  NonErrorThrownError,
  ResultTimeoutError,
  RetryableError,
  Step,
  TerminalError,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { until } from '../support/until.js';

class OutOfStock extends Error {
  readonly code = 'OUT_OF_STOCK';
  constructor(
    readonly sku: string,
    readonly left: number,
  ) {
    super(`no ${sku}`);
    this.name = 'OutOfStock';
  }
}

class Declined extends TerminalError {
  constructor(readonly bank: string) {
    super('declined', { details: { bank } });
  }
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  terminal: () =>
    new TerminalError('no', { details: { sku: 'a', at: new Date(0) }, cause: new RangeError('deep') }),
  declined: () => new Declined('gls'),
  retryable: () => new RetryableError('busy', { details: 1 }),
  notFound: () => new NotFoundException({ message: 'gone', sku: 'a' }),
  teapot: () => new HttpException('teapot', HttpStatus.I_AM_A_TEAPOT, { cause: new Error('tea') }),
  stock: () => new OutOfStock('a', 2),
  plain: () => Object.assign(new TypeError('odd'), { code: 'E_ODD' }),
  aggregate: () => new AggregateError([new RangeError('one'), 'two'], 'all'),
  null: () => null,
  undefined: () => undefined,
  string: () => 'just text',
  object: () => ({ some: 'thing' }),
};

@DurableService()
class Shop {
  readonly gates = new Map<string, () => void>();

  @Handler({ retry: { maxAttempts: 1 } })
  async fail(kind: string): Promise<never> {
    throw THROWN[kind]?.();
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async failInStep(kind: string): Promise<void> {
    await this.failing(kind);
  }

  @Step({ retry: { maxAttempts: 1 } })
  protected async failing(kind: string): Promise<never> {
    throw THROWN[kind]?.();
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async catching(kind: string): Promise<unknown[]> {
    try {
      await this.failing(kind);
    } catch (error) {
      return [error instanceof OutOfStock || error instanceof NotFoundException, (error as Error).message];
    }
    return [];
  }

  @Handler()
  async value(value: unknown): Promise<unknown> {
    return value;
  }

  @Handler()
  async gated(name: string): Promise<string> {
    await this.pass(name);
    return `through ${name}`;
  }

  @Step()
  protected pass(name: string): Promise<void> {
    return new Promise(resolve => this.gates.set(name, resolve));
  }
}

const ERRORS = [OutOfStock, Declined];

let applications: Applications;
let worker: Running;
let sender: Running;
beforeAll(async () => {
  applications = await Applications.open();
  worker = await applications.start({ providers: [Shop], durable: { errors: ERRORS } });
  const durable = { errors: ERRORS, worker: false };
  sender = await applications.start({ schema: worker.schema, durable });
});
afterAll(() => applications.close());

async function caught(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    value => {
      throw new Error(`it resolved to ${String(value)}`);
    },
    (error: Error & Record<string, unknown>) => error,
  );
}

const MAKERS = [
  ['the process that works', () => worker],
  ['a process that only dispatches', () => sender],
] as const;

describe.each(MAKERS)('an error that comes back to %s', (_where, running) => {
  const fail = (kind: string): Promise<Error & Record<string, unknown>> =>
    caught(running().client.call(Shop).fail(kind));

  it('keeps class, message, code, details and cause of a TerminalError', async () => {
    const error = await fail('terminal');
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ name: 'TerminalError', message: 'no', code: 'DURABLE_TERMINAL' });
    expect(error.details).toEqual({ sku: 'a', at: new Date(0) });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.stack).toContain('client-results.spec');
  });

  it('keeps class and fields of registered classes', async () => {
    const stock = await fail('stock');
    expect(stock).toBeInstanceOf(OutOfStock);
    expect(stock).toMatchObject({ name: 'OutOfStock', message: 'no a', code: 'OUT_OF_STOCK' });
    const declined = await fail('declined');
    expect(declined).toBeInstanceOf(Declined);
    expect(declined).toMatchObject({ message: 'declined', details: { bank: 'gls' } });
  });

  it('is an HTTP exception still, with its status and response', async () => {
    const notFound = await fail('notFound');
    expect(notFound).toBeInstanceOf(NotFoundException);
    expect((notFound as unknown as HttpException).getStatus()).toBe(404);
    expect((notFound as unknown as HttpException).getResponse()).toEqual({ message: 'gone', sku: 'a' });
    const teapot = await fail('teapot');
    expect(teapot).toBeInstanceOf(HttpException);
    expect((teapot as unknown as HttpException).getStatus()).toBe(418);
    expect(teapot.cause).toMatchObject({ message: 'tea' });
  });

  it('keeps built-in classes, codes and parts', async () => {
    const plain = await fail('plain');
    expect(plain).toBeInstanceOf(TypeError);
    expect(plain).toMatchObject({ message: 'odd', code: 'E_ODD' });
    const aggregate = await fail('aggregate');
    expect(aggregate).toBeInstanceOf(AggregateError);
    expect(aggregate.errors).toEqual([expect.any(RangeError), 'two']);
    expect(await fail('retryable')).toMatchObject({ message: 'busy', details: 1 });
  });

  it.each(['null', 'undefined', 'string', 'object'])('stands for what is no error: %s', async kind => {
    const error = await fail(kind);
    expect(error).toBeInstanceOf(NonErrorThrownError);
    expect(error.thrown).toEqual(THROWN[kind]?.());
  });
});

describe('an error of a step', () => {
  it.each(['stock', 'notFound'])('is what the handler catches, of its class: %s', async kind => {
    expect(await worker.client.call(Shop).catching(kind)).toEqual([true, expect.any(String)]);
  });

  it('is the outcome of the invocation if the handler does not catch it', async () => {
    const { id, result, status } = await worker.client.send(Shop).failInStep('stock');
    expect(await caught(result())).toBeInstanceOf(OutOfStock);
    expect((await status()).error).toBeInstanceOf(OutOfStock);
    const [entry] = await worker.client.journal(id);
    expect(entry).toMatchObject({ name: 'Shop.failing', outcome: 'error', failedTries: 1 });
    expect(entry?.error).toBeInstanceOf(OutOfStock);
  });
});

describe('a result', () => {
  const VALUES: unknown[] = [
    undefined,
    null,
    0,
    '',
    'text',
    [1, { a: new Date(0) }],
    new Map([[1, new Set([2n])]]),
  ];

  it.each(VALUES.map(value => [value]))('is equal to what the handler returned: %p', async value => {
    expect(await worker.client.call(Shop).value(value)).toEqual(value);
    expect(await sender.client.call(Shop).value(value)).toEqual(value);
  });

  it('can be asked for again, by the handle and by the id, in any process', async () => {
    const handle = await sender.client.send(Shop).value(7);
    expect(await handle.result()).toBe(7);
    expect(await handle.result()).toBe(7);
    for (const { client } of [sender, worker]) expect(await client.get<number>(handle.id).result()).toBe(7);
  });

  it('is waited for by many at once', async () => {
    const handle = await worker.client.send(Shop).gated('many');
    const waiting = [
      handle.result(),
      handle.result(),
      worker.client.get(handle.id).result(),
      sender.client.get(handle.id).result(),
    ];
    await until('the step runs', () => worker.app.get(Shop).gates.has('many'));
    worker.app.get(Shop).gates.get('many')?.();
    expect(await Promise.all(waiting)).toEqual(Array(4).fill('through many'));
  });

  it.each(MAKERS)('that is late ends the wait, and not the invocation, in %s', async (_where, running) => {
    const { client } = running();
    const gates = worker.app.get(Shop).gates;
    const handle = await client.send(Shop).gated('late');
    const error = await caught(handle.result({ timeout: '30ms' }));
    expect(error).toBeInstanceOf(ResultTimeoutError);
    expect(error).toMatchObject({ code: 'DURABLE_RESULT_TIMEOUT', invocationId: handle.id, timeoutMs: 30 });
    await expect(client.get(handle.id).result({ timeout: 1 })).rejects.toThrow(ResultTimeoutError);
    await until('the step runs', () => gates.has('late'));
    expect(await handle.status()).toMatchObject({ status: 'running', finishedAt: null });
    gates.get('late')?.();
    gates.delete('late');
    expect(await handle.result({ timeout: '10s' })).toBe('through late');
    expect(await client.get(handle.id).result()).toBe('through late');
  });

  it('of an invocation that does not exist is an error', async () => {
    for (const id of ['0198ffff-ffff-7fff-8fff-ffffffffffff', 'no id', '']) {
      const { client } = sender;
      const handle = client.get(id);
      const asked = [
        () => handle.result(),
        () => handle.status(),
        () => client.journal(id),
        () => client.retry(id),
      ];
      for (const ask of asked) await expect(ask()).rejects.toThrow(InvocationNotFoundError);
    }
  });
});

describe('a client that is closed', () => {
  it('ends every wait with a ClientClosedError, and the invocation goes on elsewhere', async () => {
    const closing = await applications.start({ schema: worker.schema, durable: { worker: false } });
    const handle = await closing.client.send(Shop).gated('closing');
    const waiting = [handle.result(), closing.client.get(handle.id).result({ timeout: '1m' })];
    const outcomes = waiting.map(caught);
    await until('the step runs', () => worker.app.get(Shop).gates.has('closing'));
    await closing.close();
    for (const outcome of outcomes) expect(await outcome).toBeInstanceOf(ClientClosedError);
    worker.app.get(Shop).gates.get('closing')?.();
    expect(await sender.client.get(handle.id).result()).toBe('through closing');
  });

  it('refuses everything at once', async () => {
    const closed = await applications.start({ schema: worker.schema, durable: { worker: false } });
    const handle = await closed.client.send(Shop).value(1);
    await closed.close();
    const before = await worker.rows();
    const asked = [
      () => closed.client.send(Shop).value(2),
      () => closed.client.call(Shop).value(2),
      () => handle.result(),
      () => handle.status(),
      () => closed.client.get(handle.id).result(),
      () => closed.client.list(),
      () => closed.client.journal(handle.id),
      () => closed.client.retry(handle.id),
    ];
    for (const ask of asked) expect(await caught(ask())).toBeInstanceOf(ClientClosedError);
    expect(await worker.rows()).toEqual(before);
  });
});
