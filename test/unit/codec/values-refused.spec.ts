import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { JsonCodec, RecordErrorCodec, ErrorRegistry } from '../../../lib/codec/index.js';
import { UnserialisableValueError } from '../../../lib/errors/index.js';

const codec = new JsonCodec();

function refusal(value: unknown): UnserialisableValueError {
  try {
    codec.encode(value);
  } catch (error) {
    if (error instanceof UnserialisableValueError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

function circle(): unknown {
  const value: { items: unknown[] } = { items: [1] };
  value.items.push({ parent: value });
  return value;
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const throws = (): never => {
  throw new Error('boom');
};

const REFUSED: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['a function', () => 1, '$', /a function/],
  ['a method', { items: [0, 1, 2, { callback: () => 1 }] }, '$.items[3].callback', /a function/],
  ['a class', { a: { 'b c': class {} } }, '$.a["b c"]', /a function/],
  ['a symbol', { s: Symbol('s') }, '$.s', /a symbol/],
  ['a circle', circle(), '$.items[1].parent', /it is \$ again/],
  ['a promise', { p: Promise.resolve(1) }, '$.p', /await it/],
  ['a weak map', { w: new WeakMap() }, '$.w', /WeakMap/],
  ['a weak set', { w: new WeakSet() }, '$.w', /WeakSet/],
  ['a weak reference', { w: new WeakRef({}) }, '$.w', /WeakRef/],
  ['a stream', { s: Readable.from(['a']) }, '$.s', /stream/],
  ['a web stream', { s: new ReadableStream() }, '$.s', /ReadableStream/],
  [
    'an event emitter with listeners',
    { e: new EventEmitter().on('a', throws) },
    '$.e._events.a',
    /a function/,
  ],
  ['headers', { h: new Headers({ a: 'b' }) }, '$.h', /Headers/],
  ['search parameters', { q: new URLSearchParams('a=b') }, '$.q', /URLSearchParams/],
  ['an abort signal', [new AbortController().signal], '$[0]', /AbortSignal/],
  ['a generator', (function* () {})(), '$', /Generator/],
  ['an iterator of a map', new Map().keys(), '$', /Map Iterator/],
  ['shared memory', new SharedArrayBuffer(1), '$', /SharedArrayBuffer/],
  ['a boxed number', { n: new Number(1) }, '$.n', /boxed/],
  [
    'a getter that throws',
    {
      a: {
        get b() {
          return throws();
        },
      },
    },
    '$.a.b',
    /boom/,
  ],
  ['a toJSON that throws', { a: { toJSON: throws } }, '$.a', /boom/],
  [
    'a toJSON that gives what cannot be stored',
    { a: { toJSON: () => ({ f: throws }) } },
    '$.a.f',
    /a function/,
  ],
  ['a toJSON that never ends', endless(), '$', /deeper/],
  ['a revoked proxy', { p: revoked() }, '$.p', /revoked/],
  ['a proxy that throws', { p: new Proxy({}, { ownKeys: throws }) }, '$.p', /boom/],
  ['a value in a map', { m: new Map([['eur', throws]]) }, '$.m.get("eur")', /a function/],
  ['a key of a map', { m: new Map([[throws, 1]]) }, '$.m.keys()[0]', /a function/],
  ['an item of a set', { s: new Set([1, throws]) }, '$.s.values()[1]', /a function/],
  [
    'a detail of an error',
    Object.assign(new Error('x'), { details: { f: throws } }),
    '$.details.f',
    /a function/,
  ],
];

function endless(): unknown {
  return { toJSON: endless };
}

describe('a value that cannot be stored', () => {
  it.each(REFUSED)('is refused by its path: %s', (_, value, path, reason) => {
    const error = refusal(value);
    expect(error.path).toBe(path);
    expect(error.reason).toMatch(reason);
    expect(error.message).toContain(path);
    expect(error.code).toBe('DURABLE_UNSERIALISABLE_VALUE');
  });

  it.each([501, 10_000, 200_000])('is refused with %d levels, and the stack bears it', levels => {
    expect(refusal(deep(levels)).reason).toMatch(/deeper than 500 levels/);
  });

  it('is accepted with 500 levels', () => {
    expect(codec.decode(codec.encode(deep(500)))).toEqual(deep(500));
  });

  it('names both ends of a circle', () => {
    const parent: Record<string, unknown> = {};
    parent.child = { up: parent };
    expect(refusal({ a: [parent] })).toMatchObject({
      path: '$.a[0].child.up',
      reason: 'it is $.a[0] again, a circular reference',
    });
  });

  it('has a path of bounded length', () => {
    const long = { ['k'.repeat(10_000)]: throws };
    expect(refusal(long).path.length).toBeLessThan(100);
    expect(refusal(deep(501)).path.length).toBeLessThan(200);
  });

  it('keeps what was thrown as the cause', () => {
    expect((refusal({ toJSON: throws }).cause as Error).message).toBe('boom');
  });

  it('leaves the codec fit for the next value', () => {
    refusal(circle());
    expect(codec.encode({ a: new Date(0) })).toBe('{"a":{"$":"date","v":"1970-01-01T00:00:00.000Z"}}');
  });

  it('is refused again after it went through the store of errors', () => {
    const errors = new RecordErrorCodec(new ErrorRegistry(), codec);
    expect(errors.decode(errors.encode(refusal(circle())))).toMatchObject({ path: '$.items[1].parent' });
  });
});
