import { CorruptValueError, NonErrorThrownError } from '../errors/value.errors.js';
import { showValue, truncate } from '../errors/show-value.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import { DESCRIBE_WHOLE, type DescribeOptions, describeError, isError, reviveError } from './error-record.js';
import type { ErrorRegistry } from './error-registry.js';

/** What the text of an error may have, in bytes, unless said otherwise. */
export const DEFAULT_MAX_ERROR_BYTES = 256 * 1024;

const LONGEST_PART = 4_096;

/**
 * Stores whatever was thrown, and makes an error of it again.
 *
 * Kept are name, message, `code`, stack (where it was first thrown; 8 KB), `details`, causes (8 deep), the parts of
 * an `AggregateError`, and what a registered class lists; nothing else, since errors of clients carry requests with
 * their credentials. What is no error comes back as a `NonErrorThrownError`. Neither method ever throws: a part
 * that cannot be stored, or would make the text too large, is replaced by a text that says so.
 */
export class RecordErrorCodec implements ErrorCodec {
  /**
   * @param codec writes and reads the values that errors carry
   * @param maxBytes limit of one text, in bytes of UTF-8. @default 262144
   */
  constructor(
    private readonly registry: ErrorRegistry,
    private readonly codec: Codec,
    private readonly maxBytes = DEFAULT_MAX_ERROR_BYTES,
  ) {}

  encode(thrown: unknown): string {
    const error = isError(thrown) ? thrown : wrap(thrown);
    const text = this.tryEncode(error, DESCRIBE_WHOLE) ?? this.tryEncode(error, this.essentials());
    if (text !== undefined) return text;
    const { name, message } = new CorruptValueError('$', 'the error that belongs here could not be stored');
    return JSON.stringify({ name, message });
  }

  decode(text: string): Error {
    try {
      const error = reviveError(this.codec.decode(text), this.registry);
      return typeof error === 'string' ? new CorruptValueError('$', error) : error;
    } catch (cause) {
      return new CorruptValueError('$', 'the text of an error cannot be read', { cause });
    }
  }

  private tryEncode(error: Error, options: DescribeOptions): string | undefined {
    try {
      const text = this.codec.encode(describeError(error, this.registry, options));
      return Buffer.byteLength(text) <= this.maxBytes ? text : undefined;
    } catch {
      return undefined;
    }
  }

  /** Small, and with those values only that can be stored. */
  private essentials(): DescribeOptions {
    const keep = (value: unknown): { value: unknown; whole: boolean } => {
      const reason = this.objection(value);
      return reason === undefined
        ? { value, whole: true }
        : { value: `[not stored: ${reason}]`, whole: false };
    };
    return { longestMessage: 2_048, longestStack: 2_048, mostErrors: 8, keep };
  }

  private objection(value: unknown): string | undefined {
    try {
      const bytes = Buffer.byteLength(this.codec.encode(value));
      return bytes > LONGEST_PART ? `${bytes} bytes, too large beside the rest` : undefined;
    } catch (error) {
      return isError(error) ? truncate(error.message, 500) : 'it was refused';
    }
  }
}

function wrap(thrown: unknown): NonErrorThrownError {
  const error = new NonErrorThrownError(thrown, showValue(thrown));
  // Its own stack would point here, where nothing went wrong.
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
