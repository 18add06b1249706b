import { DurableError } from './durable-error.js';

/** An option has a value that is not allowed, or a name that does not exist. Found before anything runs. */
export class InvalidOptionError extends DurableError {
  readonly code: `DURABLE_${string}` = 'DURABLE_INVALID_OPTION';

  constructor(
    /** Path of the option, as `worker.lease`; of a decorator's, with the place before it. */
    readonly option: string,
    /** What is wrong, a part of a sentence: `is -1`. Values in it are short and without secrets. */
    readonly problem: string,
    /** What may stand there. */
    readonly allowed: string,
  ) {
    super(`Option "${option}" ${problem}. Allowed: ${allowed}.`);
  }
}

/** A duration is neither a number of milliseconds nor a text like `'30s'`, or is out of range. */
export class InvalidDurationError extends InvalidOptionError {
  override readonly code = 'DURABLE_INVALID_DURATION';
}
