import { types } from 'node:util';
import { UnserialisableValueError } from '../errors/value.errors.js';
import { storeBytes } from './binary.js';
import type { ClassRegistry, KnownClass } from './class-registry.js';
import { describeError, isError } from './error-record.js';
import type { ErrorRegistry } from './error-registry.js';
import { isSparse, MAX_DEPTH, TAG } from './plain-json.js';
import { formatPath, type PathPart } from './value-path.js';

const quote = (text: string): string => JSON.stringify(text);

/** Writes one value. Builds the text itself, so that no `toJSON` that someone put on a built-in prototype is asked. */
export class JsonWriter {
  /** The way to the value that is being written; after an exception, to the one that caused it. */
  private readonly path: PathPart[] = [];
  /** Objects around it, each with its depth. */
  private readonly ancestors = new Map<object, number>();

  constructor(
    private readonly classes: ClassRegistry,
    private readonly errors: ErrorRegistry,
  ) {}

  /** @throws UnserialisableValueError */
  encode(value: unknown): string {
    try {
      return this.write(value);
    } catch (error) {
      if (error instanceof UnserialisableValueError) throw error;
      const message = isError(error) ? error.message : typeof error;
      throw new UnserialisableValueError(formatPath(this.path), `reading it threw: ${message}`, {
        cause: error,
      });
    }
  }

  private write(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return quote(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'number':
        return writeNumber(value);
      case 'bigint':
        return tagged('bigint', quote(value.toString()));
      case 'undefined':
        return `{"${TAG}":"undefined"}`;
      case 'object':
        return value === null ? 'null' : this.writeObject(value);
      default:
        throw this.refusal(`a ${typeof value} is no data`);
    }
  }

  private writeAt(part: PathPart, value: unknown): string {
    this.path.push(part);
    const text = this.write(value);
    this.path.pop();
    return text;
  }

  /** Reads a property only once its key is in the path: a getter may throw. */
  private writeProperty(value: object, key: string | number): string {
    this.path.push(key);
    const text = this.write((value as Record<string | number, unknown>)[key]);
    this.path.pop();
    return text;
  }

  private writeObject(value: object): string {
    const depth = this.ancestors.get(value);
    if (depth !== undefined) {
      throw this.refusal(`it is ${formatPath(this.path.slice(0, depth))} again, a circular reference`);
    }
    if (this.ancestors.size >= MAX_DEPTH) throw this.refusal(`it is nested deeper than ${MAX_DEPTH} levels`);
    this.ancestors.set(value, this.path.length);
    const text = this.writeContent(value);
    this.ancestors.delete(value);
    return text;
  }

  private writeContent(value: object): string {
    if (Array.isArray(value)) return this.writeArray(value);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (isError(value)) return tagged('error', this.writeProperties(describeError(value, this.errors)));
    if (prototype === null || prototype === Object.prototype) return this.writeData(value);
    const known = this.classes.of(prototype);
    if (known) return this.writeRegistered(value, known);
    return this.writeBuiltIn(value) ?? this.writeData(value);
  }

  private writeArray(items: readonly unknown[]): string {
    if (isSparse(items)) return this.writeSparse(items);
    let text = '';
    for (let index = 0; index < items.length; index++) {
      text += (index > 0 ? ',' : '') + this.writeProperty(items, index);
    }
    return `[${text}]`;
  }

  private writeSparse(items: readonly unknown[]): string {
    const present: string[] = [];
    for (const key of Object.keys(items)) {
      const index = Number(key);
      if (isIndex(key)) present.push(`[${index},${this.writeProperty(items, index)}]`);
    }
    return `{"${TAG}":"array","length":${items.length},"v":[${present.join(',')}]}`;
  }

  /** A plain object, or an instance of a class that is not registered. */
  private writeData(value: object): string {
    const toJSON = (value as { toJSON?: unknown }).toJSON;
    const own = toJSON !== (Object.prototype as { toJSON?: unknown }).toJSON;
    if (typeof toJSON === 'function' && own) {
      const replaced: unknown = toJSON.call(value, this.key);
      if (replaced !== value) return this.write(replaced);
    }
    return this.writeProperties(value);
  }

  private writeProperties(value: object): string {
    let text = '';
    for (const key of Object.keys(value)) {
      text += `${text && ','}${quote(key)}:${this.writeProperty(value, key)}`;
    }
    return Object.hasOwn(value, TAG) ? tagged('object', `{${text}}`) : `{${text}}`;
  }

  private writeRegistered(value: object, known: KnownClass): string {
    const data = known.store ? this.write(known.store(value)) : this.writeProperties(value);
    return `{"${TAG}":"class","name":${quote(known.name)},"v":${data}}`;
  }

  /** `undefined` if the object is of no built-in kind. */
  private writeBuiltIn(value: object): string | undefined {
    if (types.isDate(value)) return tagged('date', writeDate(value));
    if (types.isMap(value)) return tagged('map', this.writeMap(value));
    if (types.isSet(value)) return tagged('set', this.writeSet(value));
    if (types.isRegExp(value)) return writeRegExp(value);
    if (value instanceof URL) return tagged('url', quote(value.href));
    const bytes = storeBytes(value);
    if (bytes) return `{"${TAG}":"bytes","as":${quote(bytes.as)},"v":${quote(bytes.v)}}`;
    this.refuseOpaque(value);
    return undefined;
  }

  private writeMap(map: ReadonlyMap<unknown, unknown>): string {
    const pairs: string[] = [];
    let index = 0;
    for (const [key, item] of map) {
      const keyText = this.writeAt({ text: `.keys()[${index++}]` }, key);
      const part = { text: `.get(${keyText.length > 64 ? '…' : keyText})` };
      pairs.push(`[${keyText},${this.writeAt(part, item)}]`);
    }
    return `[${pairs.join(',')}]`;
  }

  private writeSet(set: ReadonlySet<unknown>): string {
    const items: string[] = [];
    for (const item of set) items.push(this.writeAt({ text: `.values()[${items.length}]` }, item));
    return `[${items.join(',')}]`;
  }

  /** Refuses objects whose properties do not show what they hold: stored by them, they would come back empty. */
  private refuseOpaque(value: object): void {
    if (types.isPromise(value)) throw this.refusal('it is a promise; await it first');
    if (types.isBoxedPrimitive(value))
      throw this.refusal('it is a boxed primitive; use the primitive itself');
    const { pipe, toJSON } = value as { pipe?: unknown; toJSON?: unknown };
    if (typeof toJSON === 'function') return;
    if (typeof pipe === 'function') throw this.refusal('it is a stream; read it first');
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    if (kind !== 'Object' && kind !== 'Arguments') {
      throw this.refusal(`it is a ${kind}, whose properties do not show what it holds`);
    }
  }

  /** The key of the value, as `JSON.stringify` gives it to `toJSON`. */
  private get key(): string {
    const part = this.path.at(-1) ?? '';
    return typeof part === 'object' ? '' : String(part);
  }

  private refusal(reason: string): UnserialisableValueError {
    return new UnserialisableValueError(formatPath(this.path), reason);
  }
}

function tagged(tag: string, text: string): string {
  return `{"${TAG}":"${tag}","v":${text}}`;
}

function writeNumber(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : tagged('number', quote(String(value)));
}

function writeDate(value: Date): string {
  const time = Date.prototype.getTime.call(value);
  return Number.isNaN(time) ? 'null' : quote(new Date(time).toISOString());
}

function writeRegExp({ source, flags, lastIndex }: RegExp): string {
  const position = lastIndex === 0 ? '' : `,"lastIndex":${lastIndex}`;
  return `{"${TAG}":"regexp","v":${quote(source)},"flags":${quote(flags)}${position}}`;
}

function isIndex(key: string): boolean {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < 2 ** 32 - 1 && String(index) === key;
}
