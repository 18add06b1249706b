import { DurableError } from './durable-error.js';

/** A value cannot be stored so that it comes back as it was. Thrown at the call that gave it; never retried. */
export class UnserialisableValueError extends DurableError {
  readonly code = 'DURABLE_UNSERIALISABLE_VALUE';

  constructor(
    /** Where it is in the whole, as `$.items[3].callback`; `$` is the whole. */
    readonly path: string,
    /** Why it cannot be stored, a part of a sentence. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `The value at ${path} cannot be stored: ${reason}. Pass plain data, or register its class.`,
      options,
    );
  }
}

/** A stored text is not what the codec writes, or names a class that is not registered (any more). Never retried. */
export class CorruptValueError extends DurableError {
  readonly code = 'DURABLE_CORRUPT_VALUE';

  constructor(
    /** Where it is in the stored text. */
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The stored value cannot be read at ${path}: ${reason}.`, options);
  }
}

/** A value is larger than its limit. Thrown before anything is written; never retried. */
export class PayloadTooLargeError extends DurableError {
  readonly code = 'DURABLE_PAYLOAD_TOO_LARGE';

  constructor(
    /** Its size, encoded, in bytes of UTF-8. */
    readonly bytes: number,
    /** The limit, in bytes. */
    readonly limit: number,
    /** What is too large: `input of orders.checkout` … */
    readonly what: string,
    /** The option that sets the limit. */
    readonly option: string,
  ) {
    super(
      `The ${what} has ${bytes} bytes, ${limit} are allowed. ` +
        `Store large data elsewhere and pass a reference to it, or raise the option ${option}.`,
    );
  }
}

/** Something that is no error was thrown (`throw 'text'`, `throw null`). Stands for it, since only errors can be recorded. */
export class NonErrorThrownError extends DurableError {
  readonly code = 'DURABLE_NON_ERROR_THROWN';

  constructor(
    /** What was thrown. */
    readonly thrown: unknown,
    /** The thrown value as a short text. */
    readonly shown: string,
  ) {
    super(`${shown} was thrown, which is not an Error. Throw an Error instead.`);
  }
}
