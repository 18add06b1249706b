/**
 * Why an own codec: superjson and devalue are ESM only, which breaks consumers whose Jest is plain CommonJS; they
 * name no path of a bad value; and superjson refuses honest data with a key `constructor`.
 */
import { CorruptValueError } from '../errors/value.errors.js';
import type { Codec } from '../ports/codec.js';
import { ClassRegistry, type RegisteredClass } from './class-registry.js';
import { ErrorRegistry } from './error-registry.js';
import { JsonReader } from './json-reader.js';
import { JsonWriter } from './json-writer.js';
import { isPlainJson, TAG } from './plain-json.js';

/** What a {@link JsonCodec} knows beside the built-in kinds. */
export interface JsonCodecOptions {
  /** Classes whose instances come back as themselves. */
  readonly classes?: readonly RegisteredClass[];
  /** Errors that come back as themselves. @default built-in kinds and the errors of this package */
  readonly errors?: ErrorRegistry;
}

/** Found in every text that has a tagged value. */
const MARKER = `"${TAG}"`;

/**
 * The default codec: plain JSON where the value is plain JSON, tagged in place where it is not, as
 * `{"$":"date","v":"2026-01-01T00:00:00.000Z"}`.
 *
 * Comes back as it was: null, booleans, all numbers (-0, NaN, infinities), undefined, all strings, BigInt, Date,
 * Map, Set, RegExp, URL, Buffer, ArrayBuffer, DataView and typed arrays, errors, sparse arrays, and instances of
 * registered classes. Keys such as `__proto__` and `constructor` are data like any other.
 *
 * Comes back as plain data: an instance of another class, as its `toJSON()` gives it or else with its own enumerable
 * properties; an object without a prototype, as an ordinary one. Only items of an array, a Map and a Set are
 * stored, no properties beside them; no property has a symbol as its key. What occurs twice is stored twice.
 *
 * Refused: functions, symbols, cycles, promises, streams, weak collections, other built-in objects that hide what
 * they hold, properties that throw, and more than 500 levels of depth.
 */
export class JsonCodec implements Codec {
  private readonly classes: ClassRegistry;
  private readonly errors: ErrorRegistry;

  /** @throws InvalidOptionError, DuplicateNameError for classes that cannot be registered */
  constructor(options: JsonCodecOptions = {}) {
    this.classes = new ClassRegistry(options.classes);
    this.errors = options.errors ?? new ErrorRegistry();
  }

  /** @throws UnserialisableValueError with the path of what cannot be stored */
  encode(value: unknown): string {
    return encodePlain(value) ?? new JsonWriter(this.classes, this.errors).encode(value);
  }

  /** @throws CorruptValueError if the text was not written by this codec, or needs a class that is not registered */
  decode(text: string): unknown {
    const parsed = parse(text);
    // A single character is searched for at the speed of memory, and settles most cases.
    const isTagged = text.includes(TAG) && text.includes(MARKER);
    return isTagged ? new JsonReader(this.classes, this.errors).read(parsed) : parsed;
  }
}

/** The quick way, which most values can go; `undefined` if this one cannot, or if reading it throws. */
function encodePlain(value: unknown): string | undefined {
  try {
    return isPlainJson(value) ? JSON.stringify(value) : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the cause: its message quotes the text, which is the user's data.
    throw new CorruptValueError('$', 'it is not JSON');
  }
}
