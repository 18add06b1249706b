import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import fc from 'fast-check';

/** Values that come back as they were, each by its name. */
export const KEPT_VALUES: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['true', true],
  ['zero', 0],
  ['minus zero', -0],
  ['nested minus zero', { a: [-0] }],
  ['NaN', NaN],
  ['infinities', [Infinity, -Infinity]],
  ['the largest and the smallest number', [Number.MAX_VALUE, Number.MIN_VALUE, -Number.MAX_VALUE]],
  ['2^53 + 1', 2 ** 53 + 1],
  ['an empty text', ''],
  ['NUL', 'a\u0000b'],
  ['lone surrogates', ['\uD800', '\uDC00', 'a\uDFFFb', '\uDC00\uD800']],
  ['a lone surrogate as a key', { '\uD800': 1 }],
  ['NUL as a key', { 'a\u0000': 1 }],
  ['emoji', '👩‍👩‍👧'],
  ['line separators', '\u2028\u2029'],
  ['text that looks like a tag', '{"$":"date"}'],
  ['text with the marker', 'the key "$" is special'],
  ['big integers', [0n, -1n, 2n ** 70n]],
  ['a date', new Date('2026-01-02T03:04:05.678Z')],
  ['a date outside of four-digit years', new Date(-8.64e15)],
  [
    'a map of anything',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ b: 2 }, new Map([[1, -0]])],
      [undefined, NaN],
    ]),
  ],
  ['a set of anything', new Set<unknown>([1, 'a', undefined, { b: new Set([1n]) }])],
  ['an empty map and set', [new Map(), new Set()]],
  ['a regular expression', /a\/b"\n/giu],
  ['a URL', new URL('https://user@example.com:8080/a b?c=d#e')],
  ['a buffer', Buffer.from([0, 1, 254, 255])],
  ['an empty buffer', Buffer.alloc(0)],
  ['an array buffer', new Uint8Array([1, 2, 3]).buffer],
  ['a data view', new DataView(new ArrayBuffer(3))],
  ['typed arrays', [new Uint8Array([1]), new Int16Array([-1, 1]), new Float64Array([NaN, -0, 0.1])]],
  ['more typed arrays', [new BigInt64Array([-1n]), new BigUint64Array([1n]), new Uint8ClampedArray([255])]],
  ['undefined in an object', { a: undefined, b: [undefined] }],
  ['an object with the tag as a key', { $: 'date', v: 1 }],
  ['an object with only the tag', { $: undefined }],
  ['nested objects with the tag as a key', { $: { $: { $: [] } } }],
  ['a sparse array', [1, , 3]], // eslint-disable-line no-sparse-arrays
  ['an array with holes at its ends', [, undefined, ,]], // eslint-disable-line no-sparse-arrays
  ['a long array with one item', Object.assign([], { length: 2 ** 32 - 1, 7: 'x' })],
  ['an empty array and object', [[], {}]],
  ['integer-like keys', { 10: 'a', 9: 'b', a: 'c' }],
  ['many levels', nested(490)],
];

function nested(levels: number): unknown {
  let value: unknown = -0;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

export function circle(): unknown {
  const value: { items: unknown[] } = { items: [1] };
  value.items.push({ parent: value });
  return value;
}

export function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

export const throws = (): never => {
  throw new Error('boom');
};

/** Values that cannot be stored: what they are, the path in them, and why. */
export const REFUSED_VALUES: readonly (readonly [string, unknown, string, RegExp])[] = [
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

/** Values of every kind that comes back as it was, nested, with keys that mean something to JavaScript or to the codec. */
export function anyValue(): fc.Arbitrary<unknown> {
  const strings = fc.string({ unit: fc.nat(0xffff).map(code => String.fromCharCode(code)) });
  const keys = fc.oneof(fc.constantFrom('$', '__proto__', 'constructor', 'v', 'toString'), strings);
  const leaves = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.bigInt(),
    strings,
    fc.constantFrom(null, undefined, -0, NaN, Infinity),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 8 }),
    fc.float64Array({ maxLength: 3 }),
    fc.sparseArray(fc.integer(), { maxLength: 6 }),
  );
  const { value: anything } = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaves,
      fc.array(tie('value'), { maxLength: 5 }),
      // By defineProperty, so that __proto__ becomes a property.
      fc.array(fc.tuple(keys, tie('value')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map(entries => new Map(entries)),
      fc.array(tie('value'), { maxLength: 4 }).map(items => new Set(items)),
    ),
  }));
  return anything;
}
