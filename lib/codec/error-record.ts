import { types } from 'node:util';
import { truncate } from '../errors/show-value.js';
import type { ErrorRegistry, KnownError } from './error-registry.js';

/** An error as plain data. `details`, `data` and thrown values may hold anything a codec takes. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  /** Registered name of its class, or of the nearest registered parent; left out for a plain `Error`. */
  readonly class?: string;
  readonly code?: string | number;
  /** Where it was first thrown. */
  readonly stack?: string;
  readonly details?: unknown;
  /** Fields of a registered class, or what its `encode` gave. */
  readonly data?: unknown;
  readonly cause?: ThrownRecord;
  /** Of an AggregateError. */
  readonly errors?: readonly ThrownRecord[];
}

/** Something thrown: mostly an error, but anything can be. */
export type ThrownRecord = { readonly error: ErrorRecord } | { readonly value: unknown };

/** How much of an error is described, and what becomes of the values that it carries. */
export interface DescribeOptions {
  /** Longest message and stack, in characters. */
  readonly longestMessage: number;
  readonly longestStack: number;
  /** Errors described in all: the error, its causes and, if it is an aggregate, its parts. */
  readonly mostErrors: number;
  /** Gives the value, or what stands for one that cannot be stored. */
  readonly keep: (value: unknown) => { readonly value: unknown; readonly whole: boolean };
}

/** As much as a store should take of an error; values are left to the codec. */
export const DESCRIBE_WHOLE: DescribeOptions = {
  longestMessage: 16_384,
  longestStack: 8_192,
  mostErrors: 64,
  keep: value => ({ value, whole: true }),
};

const LONGEST_NAME = 256;
const LONGEST_CAUSE_CHAIN = 8;

/** Whether something is an error, of this realm or of another one. Never throws. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
  } catch {
    return false;
  }
}

/** Turns an error into plain data. Reads nothing but what is listed, and survives properties that throw. */
export function describeError(error: Error, registry: ErrorRegistry, options = DESCRIBE_WHOLE): ErrorRecord {
  return new Describer(registry, options).error(error, LONGEST_CAUSE_CHAIN);
}

class Describer {
  private readonly seen = new Set<unknown>();

  constructor(
    private readonly registry: ErrorRegistry,
    private readonly options: DescribeOptions,
  ) {}

  error(error: Error, chain: number): ErrorRecord {
    this.seen.add(error);
    const { longestMessage, longestStack, keep } = this.options;
    const { known, data } = this.carried(error);
    const code = read(error, 'code');
    const stack = read(error, 'stack');
    const details = read(error, 'details');
    const cause = chain > 0 && has(error, 'cause') ? this.thrown(read(error, 'cause'), chain - 1) : undefined;
    const errors = this.parts(error, chain);
    return {
      name: truncate(text(read(error, 'name'), 'Error'), LONGEST_NAME),
      message: truncate(text(read(error, 'message'), ''), longestMessage),
      ...(known && known.name !== 'Error' && { class: known.name }),
      ...(isCode(code) && { code }),
      ...(typeof stack === 'string' && { stack: cutLines(stack, longestStack) }),
      ...(details !== undefined && { details: keep(details).value }),
      ...(data !== undefined && { data }),
      ...(cause && { cause }),
      ...(errors && { errors }),
    };
  }

  private thrown(value: unknown, chain: number): ThrownRecord | undefined {
    if (!isError(value)) return { value: this.options.keep(value).value };
    if (this.seen.has(value) || this.seen.size >= this.options.mostErrors) return undefined;
    return { error: this.error(value, chain) };
  }

  private parts(error: Error, chain: number): readonly ThrownRecord[] | undefined {
    const isAggregate = error instanceof AggregateError || this.registry.of(error)?.Class === AggregateError;
    const errors = isAggregate ? read(error, 'errors') : undefined;
    if (!Array.isArray(errors)) return undefined;
    if (chain === 0) return [];
    return errors.map(part => this.thrown(part, chain - 1)).filter(part => part !== undefined);
  }

  /** The class and the data of it. A class whose own data cannot be stored is left out with it. */
  private carried(error: Error): { known?: KnownError; data?: unknown } {
    try {
      const known = this.registry.of(error);
      if (!known) return {};
      if (known.encode) {
        const kept = this.options.keep(known.encode(error));
        return kept.whole ? { known, data: kept.value } : {};
      }
      const fields = known.fields.filter(field => read(error, field) !== undefined);
      const data = fields.map(field => [field, this.options.keep(read(error, field)).value]);
      return { known, data: fields.length > 0 ? Object.fromEntries(data) : undefined };
    } catch {
      return {};
    }
  }
}

/** Makes an error of a record again; if it is no record, gives a text that says what is wrong. */
export function reviveError(record: unknown, registry: ErrorRegistry): Error | string {
  if (!isRecord(record)) return 'not the record of an error';
  const error = make(record, registry);
  hide(error, 'message', record.message);
  if (error.name !== record.name) hide(error, 'name', record.name);
  hide(error, 'stack', record.stack ?? `${record.name}: ${record.message}`);
  if (record.code !== undefined && read(error, 'code') !== record.code) show(error, 'code', record.code);
  if (Object.hasOwn(record, 'details')) show(error, 'details', record.details);
  if (record.cause) {
    const cause = reviveThrown(record.cause, registry);
    if (typeof cause === 'string') return cause;
    hide(error, 'cause', cause.value);
  }
  if (record.errors) {
    const parts = record.errors.map(part => reviveThrown(part, registry));
    const wrong = parts.find(part => typeof part === 'string');
    if (wrong !== undefined) return wrong;
    const values = parts.map(part => (part as { value: unknown }).value);
    hide(error, 'errors', values);
  }
  return error;
}

function reviveThrown(thrown: ThrownRecord, registry: ErrorRegistry): { value: unknown } | string {
  if (typeof thrown !== 'object' || thrown === null) return 'not the record of something thrown';
  if (!('error' in thrown)) return { value: thrown.value };
  const error = reviveError(thrown.error, registry);
  return typeof error === 'string' ? error : { value: error };
}

function make(record: ErrorRecord, registry: ErrorRegistry): Error {
  const known = record.class === undefined ? undefined : registry.named(record.class);
  if (!known) return new Error(record.message);
  if (known.revive) {
    const made = attempt(() => known.revive?.(record.data, known.Class));
    return isError(made) ? made : new Error(record.message);
  }
  // A real error (with a stack slot) of the class, without a call of its constructor.
  const error = Reflect.construct<[string], Error>(Error, [record.message], known.Class as new () => Error);
  const data = (record.data ?? {}) as Record<string, unknown>;
  for (const field of known.fields) if (Object.hasOwn(data, field)) show(error, field, data[field]);
  return error;
}

function isRecord(record: unknown): record is ErrorRecord {
  if (typeof record !== 'object' || record === null) return false;
  const { name, message, code, stack, errors, cause, class: named } = record as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof message === 'string' &&
    (code === undefined || isCode(code)) &&
    [stack, named].every(part => part === undefined || typeof part === 'string') &&
    (errors === undefined || Array.isArray(errors)) &&
    (cause === undefined || typeof cause === 'object')
  );
}

function isCode(code: unknown): code is string | number {
  return typeof code === 'number'
    ? Number.isFinite(code)
    : typeof code === 'string' && code.length <= LONGEST_NAME;
}

/** Whole lines only, so that no half of a path is left at the end. */
function cutLines(stack: string, length: number): string {
  if (stack.length <= length) return stack;
  const cut = stack.slice(0, length);
  const end = cut.lastIndexOf('\n');
  return end > 0 ? cut.slice(0, end) : truncate(stack, length);
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function read(error: object, key: string): unknown {
  return attempt(() => (error as Record<string, unknown>)[key]);
}

function has(error: object, key: string): boolean {
  return attempt(() => key in error) ?? false;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function show(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true });
}
