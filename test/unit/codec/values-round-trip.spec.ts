import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { JsonCodec } from '../../../lib/codec/index.js';
import { anyValue, KEPT_VALUES } from '../../support/torture.js';

const codec = new JsonCodec();
const trip = (value: unknown): unknown => codec.decode(codec.encode(value));

const SEED = Number(process.env.FC_SEED ?? 20_261_120);

/** PostgreSQL takes neither NUL nor a lone surrogate. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}

describe('S29 value torture: a value that is stored', () => {
  it.each(KEPT_VALUES)('comes back as it was: %s', (_, value) => {
    expect(trip(value)).toStrictEqual(value);
    expect(trip({ in: [value] })).toStrictEqual({ in: [value] });
  });

  it.each(KEPT_VALUES)('becomes text without NUL and lone surrogates: %s', (_, value) => {
    const text = codec.encode(value);
    expect(isStorable(text)).toBe(true);
    expect(JSON.parse(text)).toBeDefined();
  });

  it('is plain JSON where it is plain JSON', () => {
    const value = { a: [1, 'x', null, true, { b: 1.5e300 }], 'é"\n': '\u0000\uD800' };
    expect(codec.encode(value)).toBe(JSON.stringify(value));
  });

  it('is readable where it is not', () => {
    const value = {
      at: new Date(0),
      n: 1n,
      note: undefined,
      tags: new Set(['a']),
      m: new Map([['eur', -0]]),
    };
    expect(JSON.parse(codec.encode(value))).toEqual({
      at: { $: 'date', v: '1970-01-01T00:00:00.000Z' },
      n: { $: 'bigint', v: '1' },
      note: { $: 'undefined' },
      tags: { $: 'set', v: ['a'] },
      m: { $: 'map', v: [['eur', -0]] },
    });
  });

  it('comes back as it was: an invalid date', () => {
    const copy = trip({ at: new Date(NaN) }) as { at: Date };
    expect(copy.at).toBeInstanceOf(Date);
    expect(copy.at.getTime()).toBeNaN();
  });

  it('keeps the place of a regular expression that is in use', () => {
    const expression = /a/g;
    expression.lastIndex = 3;
    expect((trip(expression) as RegExp).lastIndex).toBe(3);
  });

  it('keeps of a view only what it shows, in memory of its own', () => {
    const whole = Buffer.from('secret-visible-secret');
    const copy = trip({ part: whole.subarray(7, 14) }) as { part: Buffer };
    expect(copy.part.toString()).toBe('visible');
    expect(copy.part.buffer.byteLength).toBe(7);
  });

  it('is copied where it occurs twice', () => {
    const shared = { at: new Date(0) };
    const [one, other] = trip([shared, shared]) as [object, object];
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
  });
});

describe('S29 value torture: honest keys', () => {
  const hostile = JSON.parse(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":1}',
  ) as object;

  it.each([
    ['plain', hostile],
    [
      'beside a rich value',
      {
        ...hostile,
        ['__proto__']: Object.getOwnPropertyDescriptor(hostile, '__proto__')?.value as unknown,
        at: new Date(0),
      },
    ],
    ['around a rich value', JSON.parse('{"__proto__":{"$":1}}') as object],
  ])('such as __proto__ and constructor are data: %s', (_, value) => {
    const copy = trip(value) as object;
    expect(Object.keys(copy)).toEqual(Object.keys(value));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.hasOwn(copy, '__proto__')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(codec.encode(copy)).toBe(codec.encode(value));
  });
});

describe('what a library put on built-in prototypes', () => {
  it('changes nothing', () => {
    const value = { a: [1, { b: 1n }], c: new Date(0), d: new Map([['k', {}]]) };
    const before = codec.encode(value);
    const targets = [Object, Array, Map, BigInt, String] as readonly { prototype: object }[];
    const toJSON = { value: () => 'patched', configurable: true };
    for (const { prototype } of targets) Object.defineProperty(prototype, 'toJSON', toJSON);
    try {
      expect(codec.encode(value)).toBe(before);
      expect(codec.encode({ a: { b: 'plain' } })).toBe('{"a":{"b":"plain"}}');
      expect(codec.encode([[1]])).toBe('[[1]]');
    } finally {
      for (const { prototype } of targets) Reflect.deleteProperty(prototype, 'toJSON');
    }
  });
});

describe('an instance of a class', () => {
  class Money {
    readonly #secret = 1;
    constructor(
      readonly amount: number,
      readonly at = new Date(0),
    ) {}
    get double(): number {
      return this.amount * 2 * this.#secret;
    }
  }

  it('comes back as plain data, with its own properties', () => {
    expect(trip(new Money(5))).toStrictEqual({ amount: 5, at: new Date(0) });
  });

  it('is what its toJSON gives', () => {
    class Decimal {
      toJSON(key: string): unknown {
        return { key, at: new Date(0) };
      }
    }
    expect(trip({ price: new Decimal() })).toEqual({ price: { key: 'price', at: new Date(0) } });
    expect(trip({ toJSON: () => 'own' })).toBe('own');
  });

  it('is stored by its properties if its toJSON gives itself', () => {
    class Self {
      a = 1;
      toJSON(): this {
        return this;
      }
    }
    expect(trip(new Self())).toEqual({ a: 1 });
  });

  it('without a prototype comes back as an ordinary object', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const copy = trip(bare);
    expect(copy).toEqual({ a: 1 });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});

describe('S29 value torture: any value that the codec takes', () => {
  it(`comes back equal, and encodes to the same text again (10,000 cases, seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyValue(), value => {
        const text = codec.encode(value);
        const copy = codec.decode(text);
        // Not Jest's equality, which is led astray by data under the key `constructor`.
        return isDeepStrictEqual(copy, value) && codec.encode(copy) === text && isStorable(text);
      }),
      { seed: SEED, numRuns: 10_000 },
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
