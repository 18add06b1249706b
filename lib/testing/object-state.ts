import { JsonCodec } from '../codec/index.js';
import { ObjectState } from '../context/object-state.js';
import type { StateOperations } from '../ports/operations.js';

/**
 * The state of an object for unit tests: on a map, without an invocation. Values are copies, as they are in a handler.
 *
 * @example
 * ```ts
 * const state = objectState<{ stock: number }>({ stock: 3 });
 * await new Warehouse(state).reserve(2);
 * expect(state.get('stock')).toBe(1);
 * ```
 *
 * @param initial what the object has at first
 * @throws UnserialisableValueError (DURABLE_UNSERIALISABLE_VALUE) for what could not be stored
 */
export function objectState<T extends object = Record<string, unknown>>(
  initial: Partial<T> = {},
): ObjectState<T> {
  return new MapState<T>(initial);
}

class MapState<T extends object> extends ObjectState<T> {
  private readonly map = new EncodedMap();

  constructor(initial: Partial<T>) {
    super();
    for (const [name, value] of Object.entries(initial)) this.map.set(name, value);
  }

  protected override operations(): StateOperations {
    return this.map;
  }
}

class EncodedMap implements StateOperations {
  private readonly codec = new JsonCodec();
  private readonly texts = new Map<string, string>();

  get(name: string): unknown {
    const text = this.texts.get(name);
    return text === undefined ? undefined : this.codec.decode(text);
  }

  set(name: string, value: unknown): void {
    if (value === undefined) this.texts.delete(name);
    else this.texts.set(name, this.codec.encode(value));
  }

  delete(name: string): void {
    this.texts.delete(name);
  }

  keys(): string[] {
    return [...this.texts.keys()].sort();
  }
}
