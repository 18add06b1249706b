import { JsonCodec } from '../../../lib/codec/index.js';
import { DuplicateNameError, InvalidOptionError } from '../../../lib/errors/index.js';

class Money {
  constructor(
    readonly amount: bigint,
    readonly currency: string,
  ) {
    if (currency === undefined) throw new Error('a constructor was called without arguments');
  }
  get text(): string {
    return `${this.amount} ${this.currency}`;
  }
  toJSON(): string {
    return this.text;
  }
}

class Temperature {
  readonly #degrees: number;
  constructor(degrees: number) {
    this.#degrees = degrees;
  }
  get degrees(): number {
    return this.#degrees;
  }
  toJSON(): number {
    return this.#degrees;
  }
  static fromJSON(degrees: number): Temperature {
    return new this(degrees);
  }
}

class Tags extends Set<string> {}

const codec = new JsonCodec({
  classes: [
    Money,
    Temperature,
    {
      class: Tags,
      name: 'tags',
      toJSON: (tags: Tags) => [...tags],
      fromJSON: (items: string[]) => new Tags(items),
    },
  ],
});
const trip = <T>(value: T): T => codec.decode(codec.encode(value)) as T;

describe('an instance of a registered class', () => {
  it('comes back as one, without a call of its constructor', () => {
    const copy = trip({ price: new Money(5n, 'EUR') }).price;
    expect(copy).toBeInstanceOf(Money);
    expect(copy.text).toBe('5 EUR');
    expect(Object.keys(copy)).toEqual(['amount', 'currency']);
  });

  it('comes back through its static fromJSON, private fields and all', () => {
    expect(trip(new Temperature(36.6)).degrees).toBe(36.6);
    expect(codec.encode(new Temperature(-0))).toBe('{"$":"class","name":"Temperature","v":-0}');
  });

  it('comes back through the functions of its registration, also one of a built-in kind', () => {
    const copy = trip(new Tags(['a', 'b']));
    expect(copy).toBeInstanceOf(Tags);
    expect([...copy]).toEqual(['a', 'b']);
  });

  it('keeps properties with any name', () => {
    const odd = Object.assign(new Money(1n, 'EUR'), { $: 'date' });
    Object.defineProperty(odd, '__proto__', { value: { polluted: 1 }, enumerable: true });
    const copy = trip(odd);
    expect(copy).toBeInstanceOf(Money);
    expect(copy).toMatchObject({ $: 'date' });
    expect((copy as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('is itself only: a subclass is plain data', () => {
    class Cash extends Money {
      override toJSON(): string {
        return 'cash';
      }
    }
    expect(trip<unknown>(new Cash(1n, 'EUR'))).toBe('cash');
  });
});

describe('a class that cannot be registered', () => {
  it.each([
    ['no class', 'Money'],
    ['null', null],
    ['an arrow function', () => 1],
    ['a class without name', { class: class {}, name: '' }],
    ['a collection without fromJSON', Tags],
    ['an error', class OwnError extends Error {}],
  ])('is refused when the codec is made: %s', (_, registered) => {
    expect(() => new JsonCodec({ classes: [registered as never] })).toThrow(InvalidOptionError);
  });

  it('is refused when another class has its name', () => {
    const Other = { class: class Other {}, name: 'Money' };
    expect(() => new JsonCodec({ classes: [Money, Other] })).toThrow(DuplicateNameError);
    expect(() => new JsonCodec({ classes: [Money, Money] })).not.toThrow();
  });
});
