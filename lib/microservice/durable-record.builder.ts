import { invalid } from '../options/check.js';
import { objectKeyFor } from '../options/object-key.js';
import { resolveSendOptions, type ResolvedSendOptions, type SendOptions } from '../options/send-options.js';

const RECORD = Symbol.for('nestjs-durable.record');

/** What a message carries besides its data. Made by {@link DurableRecordBuilder}. */
export class DurableRecord {
  /** Marks records of both builds of the package. */
  readonly [RECORD] = true;

  constructor(
    /** Arguments of the handler. */
    readonly args: readonly unknown[],
    readonly options: ResolvedSendOptions,
  ) {}
}

/**
 * Builds a message with several arguments, or none, or with options.
 *
 * @example
 * ```ts
 * const record = new DurableRecordBuilder(order).setOptions({ idempotencyKey: order.id, delay: '10m' }).build();
 * client.emit('OrderService.checkout', record);
 * ```
 */
export class DurableRecordBuilder<T = unknown> {
  private args: readonly unknown[];
  private options: ResolvedSendOptions = resolveSendOptions({});

  /** @param data the single argument; left out, there is none */
  constructor(...data: [data?: T]) {
    this.args = data;
  }

  /** Sets the single argument. */
  setData(data: T): this {
    this.args = [data];
    return this;
  }

  /**
   * Sets all arguments.
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION) unless it is a list
   */
  setArguments(args: readonly unknown[]): this {
    if (!Array.isArray(args))
      throw invalid('DurableRecordBuilder.setArguments()', args, 'a list of arguments');
    this.args = [...(args as readonly unknown[])];
    return this;
  }

  /**
   * Sets options, as `send()` of the client takes them: `key`, `idempotencyKey`, `delay`, `at`.
   * They replace those that were set before, all of them.
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION), InvalidDurationError (DURABLE_INVALID_DURATION)
   */
  setOptions(options: SendOptions): this {
    this.options = resolveSendOptions(options, 'DurableRecordBuilder.setOptions()');
    return this;
  }

  /**
   * Sets which object of a `@VirtualObject()` it is addressed to; beside what {@link setOptions} has set before.
   * @throws ObjectKeyError (DURABLE_OBJECT_KEY) for what cannot be a key
   */
  setKey(key: string): this {
    this.options = { ...this.options, key: objectKeyFor('The message', true, key) };
    return this;
  }

  build(): DurableRecord {
    return new DurableRecord(this.args, this.options);
  }
}

/** The record that a message carries; its data alone is the single argument. */
export function toRecord(data: unknown): DurableRecord {
  if (data instanceof DurableRecordBuilder) return data.build();
  if (typeof data === 'object' && data !== null && RECORD in data) return data as DurableRecord;
  return new DurableRecordBuilder(data).build();
}
