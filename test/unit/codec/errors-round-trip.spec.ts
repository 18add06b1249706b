import { readFile } from 'node:fs/promises';
import { types } from 'node:util';
import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../../lib/codec/index.js';
import * as durable from '../../../lib/errors/index.js';
import {
  CorruptValueError,
  DuplicateNameError,
  InvalidOptionError,
  NonErrorThrownError,
  TerminalError,
} from '../../../lib/errors/index.js';

class PaymentError extends Error {
  override name = 'PaymentError';
  readonly authorization = 'hunter2';
  constructor(
    message: string,
    readonly psp: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    if (psp === undefined) throw new Error('a constructor was called without arguments');
  }
}
class DeclinedError extends PaymentError {
  override name = 'DeclinedError';
  constructor(readonly reason: string) {
    super('declined', 'acme');
  }
}
class OutOfStockError extends TerminalError {}

const registry = new ErrorRegistry([
  { class: PaymentError, fields: ['psp'] },
  { class: DeclinedError, fields: ['reason'] },
]);
const codec = new RecordErrorCodec(registry, new JsonCodec({ errors: registry }));
const trip = (thrown: unknown): Error => codec.decode(codec.encode(thrown));

const OF_JAVASCRIPT = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

describe('an error that is stored', () => {
  it.each(OF_JAVASCRIPT.map(Class => [Class.name, Class] as const))(
    'comes back as itself: %s',
    (name, Class) => {
      const error = trip(new Class('x'));
      expect(error).toBeInstanceOf(Class);
      expect(Object.getPrototypeOf(error)).toBe(Class.prototype);
      expect(types.isNativeError(error)).toBe(true);
      expect(String(error)).toBe(`${name}: x`);
    },
  );

  it('comes back from another realm as itself: an error of Node', async () => {
    const error: unknown = await readFile('/nowhere').catch((reason: unknown) => reason);
    expect(trip(error)).toMatchObject({
      name: 'Error',
      code: 'ENOENT',
      message: expect.stringMatching(/nowhere/) as string,
    });
    const invalid: unknown = await readFile(1n as never).catch((reason: unknown) => reason);
    expect(trip(invalid)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(trip(invalid)).toBeInstanceOf(TypeError);
  });

  it('comes back as itself: a DOMException', () => {
    const error = trip(new DOMException('too slow', 'TimeoutError'));
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'TimeoutError', message: 'too slow', code: 23 });
  });

  it('comes back as itself: an AggregateError with its parts', () => {
    const error = trip(new AggregateError([new TypeError('a'), 'b', new PaymentError('c', 'acme')], 'all'));
    expect(error).toBeInstanceOf(AggregateError);
    const { errors } = error as AggregateError;
    expect(errors).toEqual([expect.any(TypeError), 'b', expect.any(PaymentError)]);
    expect(errors[2]).toMatchObject({ psp: 'acme' });
  });

  it('says in its stack where it was first thrown', () => {
    const error = new TypeError('x');
    expect(trip(error).stack).toBe(error.stack);
    expect(trip(trip(error)).stack).toBe(error.stack);
    expect(error.stack).toContain('errors-round-trip');
  });

  it('keeps code, details and cause', () => {
    const cause = Object.assign(new RangeError('deep'), { code: 'E_DEEP' });
    const error = new TerminalError('no', { details: { at: new Date(0), left: 0n }, cause });
    const copy = trip(error) as TerminalError;
    expect(copy).toBeInstanceOf(TerminalError);
    expect(copy).toMatchObject({ code: 'DURABLE_TERMINAL', details: { at: new Date(0), left: 0n } });
    expect(copy.cause).toBeInstanceOf(RangeError);
    expect(copy.cause).toMatchObject({ message: 'deep', code: 'E_DEEP' });
  });

  it('keeps a cause that is no error, also undefined', () => {
    expect(trip(new Error('x', { cause: 'text' })).cause).toBe('text');
    const copy = trip(new Error('x', { cause: undefined }));
    expect(Object.hasOwn(copy, 'cause')).toBe(true);
    expect(Object.hasOwn(trip(new Error('x')), 'cause')).toBe(false);
  });

  it('shows the properties that an error shows, and no more', () => {
    expect(Object.keys(trip(new Error('x', { cause: 1 })))).toEqual([]);
    expect(Object.keys(trip(new TerminalError('x', { details: 1 }))).sort()).toEqual(['code', 'details']);
  });
});

describe('errors of this package', () => {
  const sample = new durable.JournalMismatchError('i1', {
    index: 3,
    recorded: undefined,
    called: { kind: 'step', name: 'a' },
  });

  it.each([
    sample,
    new durable.PayloadTooLargeError(11, 10, 'input', 'limits.payload'),
    new durable.PoisonError('i1', 3, 'charge'),
    new durable.RetryableError('busy', { retryAfter: '30s', details: [1] }),
    new durable.UnknownHandlerError('orders', 'pay', ['checkout']),
    new durable.InvalidDurationError('timeout', 'is "5x"', 'a duration'),
    new durable.NonErrorThrownError({ a: new Date(0) }, 'an object'),
  ])('come back as themselves with all they say: $name', error => {
    const copy = trip(error);
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(error));
    expect({ ...copy, name: copy.name, message: copy.message }).toEqual({ ...error, message: error.message });
  });

  it('come back as the nearest class that is known, with their own name', () => {
    const copy = trip(new OutOfStockError('none left', { details: 3 }));
    expect(copy).toBeInstanceOf(TerminalError);
    expect(copy).not.toBeInstanceOf(OutOfStockError);
    expect(copy).toMatchObject({ name: 'OutOfStockError', code: 'DURABLE_TERMINAL', details: 3 });
  });
});

describe('errors of the application', () => {
  it('come back as themselves if they are registered, with the fields that are listed', () => {
    const copy = trip(new PaymentError('x', 'acme'));
    expect(copy).toBeInstanceOf(PaymentError);
    expect(copy).toMatchObject({ name: 'PaymentError', psp: 'acme' });
  });

  it('have the fields of their registered parents too', () => {
    const copy = trip(new DeclinedError('limit'));
    expect(copy).toBeInstanceOf(DeclinedError);
    expect(copy).toMatchObject({ psp: 'acme', reason: 'limit' });
  });

  it('never carry what is not listed: it may be a secret', () => {
    const axios = Object.assign(new Error('Request failed'), {
      code: 'ERR_BAD_REQUEST',
      config: { headers: { authorization: 'hunter2' } },
      response: { data: 'hunter2' },
    });
    for (const error of [
      axios,
      new PaymentError('x', 'y'),
      new Error('x', { cause: axios }),
      new AggregateError([axios]),
    ]) {
      expect(codec.encode(error)).not.toContain('hunter2');
    }
    expect(trip(axios)).toMatchObject({ message: 'Request failed', code: 'ERR_BAD_REQUEST' });
  });

  it('come back as plain errors of their name if they are not registered', () => {
    class UnknownError extends Error {
      override name = 'UnknownError';
    }
    const copy = trip(new UnknownError('x'));
    expect(Object.getPrototypeOf(copy)).toBe(Error.prototype);
    expect(String(copy)).toBe('UnknownError: x');
  });

  it('are made by their own hook if they have one', () => {
    class PrivateError extends Error {
      readonly #detail: string;
      constructor(detail: string) {
        super(detail);
        this.#detail = detail;
      }
      get detail(): string {
        return this.#detail;
      }
    }
    const own = new ErrorRegistry().register(PrivateError, {
      encode: error => error.detail,
      revive: data => new PrivateError(String(data)),
    });
    const ownCodec = new RecordErrorCodec(own, new JsonCodec());
    expect((ownCodec.decode(ownCodec.encode(new PrivateError('a'))) as PrivateError).detail).toBe('a');
  });

  it.each([
    ['no class', 'PaymentError'],
    ['null', null],
    ['no error', class Money {}],
    ['no name', { class: class extends Error {}, name: '' }],
  ])('are refused at registration: %s', (_, registered) => {
    expect(() => new ErrorRegistry([registered as never])).toThrow(InvalidOptionError);
  });

  it('are refused at registration under a name that another class has', () => {
    const other = { class: class extends Error {}, name: 'TypeError' };
    expect(() => new ErrorRegistry([other])).toThrow(DuplicateNameError);
    expect(() => new ErrorRegistry([PaymentError, PaymentError])).not.toThrow();
  });
});

describe('what is no error and is thrown', () => {
  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'no'],
    ['an object', { status: 5 }],
    ['NaN', NaN],
  ])('comes back as an error that carries it: %s', (_, thrown) => {
    const error = trip(thrown);
    expect(error).toBeInstanceOf(NonErrorThrownError);
    expect((error as NonErrorThrownError).thrown).toEqual(thrown);
    expect(error.stack).not.toContain('error-codec');
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve()],
  ])('is named if it cannot be stored: %s', (_, thrown) => {
    const error = trip(thrown) as NonErrorThrownError;
    expect(error).toBeInstanceOf(NonErrorThrownError);
    expect(error.thrown).toMatch(/^\[not stored: /);
  });
});

describe('storing an error never fails', () => {
  const throws = (): never => {
    throw new Error('boom');
  };
  const circular = new Error('circle');
  circular.cause = new Error('back', { cause: circular });
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
  revoke();

  it.each([
    ['properties that throw', new Proxy(new Error('x'), { get: throws })],
    ['a message that is no text', Object.assign(new Error('x'), { message: { a: 1 }, name: 5, stack: [] })],
    ['a circle of causes', circular],
    ['details that cannot be stored', new TerminalError('x', { details: { f: throws } })],
    ['a cause that cannot be stored', new Error('x', { cause: throws })],
    ['details that are huge', new TerminalError('x', { details: 'd'.repeat(1 << 20) })],
    ['a huge message', new Error('m'.repeat(1 << 20))],
    [
      'a thousand parts',
      new AggregateError(Array.from({ length: 1_000 }, (_, index) => new Error(String(index)))),
    ],
    ['a revoked proxy', proxy],
  ])('with %s', (_, thrown) => {
    const text = codec.encode(thrown);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
    expect(codec.decode(text)).toBeInstanceOf(Error);
  });

  it('drops what cannot be stored and keeps the rest', () => {
    const error = trip(
      new TerminalError('x', { details: { f: throws }, cause: new TypeError('y') }),
    ) as TerminalError;
    expect(error).toBeInstanceOf(TerminalError);
    expect(error.details).toMatch(/^\[not stored: The value at \$\.f cannot be stored/);
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('ends a circle of causes where it closes', () => {
    const copy = trip(circular);
    expect(copy.cause).toMatchObject({ message: 'back' });
    expect((copy.cause as Error).cause).toBeUndefined();
  });

  it('keeps eight causes', () => {
    let error = new Error('0');
    for (let index = 1; index < 20; index++) error = new Error(String(index), { cause: error });
    const messages: string[] = [];
    for (let at: unknown = trip(error); at instanceof Error; at = at.cause) messages.push(at.message);
    expect(messages).toEqual(['19', '18', '17', '16', '15', '14', '13', '12', '11']);
  });

  it('keeps 8 KB of a stack, in whole lines', () => {
    const error = new Error('x');
    error.stack = Array.from({ length: 1_000 }, (_, index) => `    at line ${index}`).join('\n');
    const { stack = '' } = trip(error);
    expect(stack.length).toBeLessThanOrEqual(8_192);
    expect(stack).toMatch(/ {4}at line \d{3}$/);
  });

  it('survives a codec that refuses everything', () => {
    const refusing = new RecordErrorCodec(registry, { encode: throws, decode: throws });
    expect(refusing.decode(refusing.encode(new Error('x')))).toBeInstanceOf(CorruptValueError);
  });
});

describe('reading an error never fails', () => {
  it.each([
    '',
    'null',
    '5',
    '[]',
    '{}',
    '{"name":1}',
    '{"name":"a","message":"b","errors":5}',
    '{"name":"a","message":"b","cause":{"error":1}}',
  ])('from the text %p', text => {
    expect(codec.decode(text)).toBeInstanceOf(CorruptValueError);
  });

  it('cannot be led to set what is not listed', () => {
    const copy = codec.decode(
      '{"name":"a","message":"b","class":"PaymentError","data":{"__proto__":{"x":1},"psp":"p","toString":1}}',
    );
    expect(copy).toBeInstanceOf(PaymentError);
    expect(Object.keys(copy)).toEqual(['psp']);
  });
});

describe('an error within a value', () => {
  it('comes back as itself too', async () => {
    const values = new JsonCodec({ errors: registry });
    const settled = await Promise.allSettled([
      Promise.reject(new PaymentError('x', 'acme', { cause: new TypeError('y') })),
      Promise.resolve(1),
    ]);
    const copy = values.decode(values.encode(settled)) as PromiseRejectedResult[];
    expect(copy[0]?.reason).toBeInstanceOf(PaymentError);
    expect(copy[0]?.reason).toMatchObject({
      message: 'x',
      psp: 'acme',
      cause: expect.any(TypeError) as Error,
    });
    expect(copy[1]).toEqual({ status: 'fulfilled', value: 1 });
  });
});
