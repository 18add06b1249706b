import { CorruptValueError } from '../errors/value.errors.js';
import { restoreBytes } from './binary.js';
import type { ClassRegistry } from './class-registry.js';
import { reviveError } from './error-record.js';
import type { ErrorRegistry } from './error-registry.js';
import { MAX_DEPTH, TAG } from './plain-json.js';
import { formatPath, type PathPart } from './value-path.js';

type Data = Record<string, unknown>;

/** A tagged value takes up to two levels of JSON. */
const MAX_JSON_DEPTH = 2 * MAX_DEPTH + 2;
const MAX_ARRAY_LENGTH = 2 ** 32 - 1;

/** Makes values of parsed JSON that has tags. Works in place: the parsed JSON is used up. */
export class JsonReader {
  private readonly path: PathPart[] = [];
  private depth = 0;

  /** By tag, what makes the value. Every tag that `JsonWriter` writes. */
  private readonly tags: ReadonlyMap<unknown, (data: Data) => unknown> = new Map<
    unknown,
    (data: Data) => unknown
  >([
    ['undefined', () => undefined],
    ['number', ({ v }) => this.number(v)],
    ['bigint', ({ v }) => this.bigint(v)],
    ['date', ({ v }) => this.date(v)],
    ['regexp', data => this.regexp(data)],
    ['url', ({ v }) => this.url(v)],
    ['bytes', data => this.bytes(data)],
    ['array', data => this.sparse(data)],
    ['set', ({ v }) => new Set(this.items(v))],
    ['map', ({ v }) => new Map(this.items(v).map(pair => this.pair(pair)))],
    ['object', ({ v }) => this.properties(this.object(v))],
    ['class', data => this.instance(data)],
    ['error', ({ v }) => this.error(v)],
  ]);

  constructor(
    private readonly classes: ClassRegistry,
    private readonly errors: ErrorRegistry,
  ) {}

  /** @throws CorruptValueError */
  read(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (++this.depth > MAX_JSON_DEPTH) this.fail('it is nested too deeply');
    const made = this.make(value);
    this.depth--;
    return made;
  }

  private make(value: object): unknown {
    if (Array.isArray(value)) return this.items(value);
    const data = value as Data;
    if (!Object.hasOwn(data, TAG)) return this.properties(data);
    const restore = this.tags.get(data[TAG]);
    return restore ? restore(data) : this.fail('it has an unknown tag');
  }

  private readAt(part: PathPart, value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    this.path.push(part);
    const made = this.read(value);
    this.path.pop();
    return made;
  }

  private properties(data: Data): Data {
    for (const key of Object.keys(data)) {
      const made = this.readAt(key, data[key]);
      // Its own property, even where the key is __proto__: JSON.parse made it one, so no setter is in the way.
      if (made !== data[key]) data[key] = made;
    }
    return data;
  }

  private items(value: unknown): unknown[] {
    if (!Array.isArray(value)) return this.fail('it should be a list');
    const items = value as unknown[];
    for (let index = 0; index < items.length; index++) items[index] = this.readAt(index, items[index]);
    return items;
  }

  private pair(value: unknown): [unknown, unknown] {
    if (!Array.isArray(value) || value.length !== 2) return this.fail('it should be a list of pairs');
    return value as [unknown, unknown];
  }

  private sparse({ length, v }: Data): unknown[] {
    if (!isIntegerBelow(length, MAX_ARRAY_LENGTH + 1)) return this.fail('it should have a length');
    const array: unknown[] = [];
    array.length = length;
    for (const [index, item] of this.items(v).map(pair => this.pair(pair))) {
      if (!isIntegerBelow(index, length)) this.fail('it has an item that is out of range');
      array[index] = item;
    }
    return array;
  }

  private number(v: unknown): number {
    if (v !== 'NaN' && v !== 'Infinity' && v !== '-Infinity') this.fail('it should be a number');
    return Number(v);
  }

  private bigint(v: unknown): bigint {
    if (typeof v !== 'string' || !/^-?\d+$/.test(v)) return this.fail('it should be a whole number');
    return BigInt(v);
  }

  private date(v: unknown): Date {
    if (v === null) return new Date(NaN);
    const date = new Date(typeof v === 'string' ? v : NaN);
    return Number.isNaN(date.getTime()) ? this.fail('it should be a date') : date;
  }

  private regexp({ v, flags, lastIndex = 0 }: Data): RegExp {
    if (
      typeof v !== 'string' ||
      typeof flags !== 'string' ||
      !isIntegerBelow(lastIndex, Number.MAX_SAFE_INTEGER)
    ) {
      return this.fail('it should be a regular expression');
    }
    const expression = this.construct(() => new RegExp(v, flags));
    expression.lastIndex = lastIndex;
    return expression;
  }

  private url(v: unknown): URL {
    if (typeof v !== 'string') return this.fail('it should be a URL');
    return this.construct(() => new URL(v));
  }

  private bytes({ as, v }: Data): unknown {
    const restored = restoreBytes(as, v);
    return typeof restored === 'string' ? this.fail(`it has ${restored}`) : restored.value;
  }

  private instance({ name, v }: Data): unknown {
    if (typeof name !== 'string') return this.fail('it should name a class');
    const known = this.classes.named(name);
    if (!known)
      return this.fail(`it is of the class ${JSON.stringify(name.slice(0, 64))}, which is not registered`);
    const data = this.readAt('v', v);
    const { restore, prototype } = known;
    if (restore) return this.construct(() => restore(data));
    const made = Object.create(prototype) as object;
    for (const [key, value] of Object.entries(this.object(data))) {
      Object.defineProperty(made, key, { value, writable: true, configurable: true, enumerable: true });
    }
    return made;
  }

  private error(v: unknown): Error {
    const error = reviveError(this.properties(this.object(v)), this.errors);
    return typeof error === 'string' ? this.fail(error) : error;
  }

  private object(v: unknown): Data {
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return this.fail('it should be an object');
    return v as Data;
  }

  private construct<T>(make: () => T): T {
    try {
      return make();
    } catch (cause) {
      throw new CorruptValueError(formatPath(this.path), 'making it again threw', { cause });
    }
  }

  private fail(reason: string): never {
    throw new CorruptValueError(formatPath(this.path), reason);
  }
}

function isIntegerBelow(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limit;
}
