import { DurableError } from './durable-error.js';
import { showValue } from './show-value.js';

/** An option has a value that is not allowed, or a name that does not exist. Found at boot, before anything runs. */
export class InvalidOptionError extends DurableError {
  readonly code: `DURABLE_${string}` = 'DURABLE_INVALID_OPTION';
  /** Path of the option, as `worker.lease`. */
  readonly option: string;
  /** The value as text: shortened, without secrets. */
  readonly shown: string;
  /** What may stand there. */
  readonly allowed: string;

  constructor(option: string, value: unknown, allowed: string) {
    const shown = showValue(value, option);
    super(`Option ${option} is ${shown}. Allowed: ${allowed}.`);
    this.option = option;
    this.shown = shown;
    this.allowed = allowed;
  }
}

/** A duration is neither a number of milliseconds nor a text like `'30s'`, or is out of range. */
export class InvalidDurationError extends InvalidOptionError {
  override readonly code = 'DURABLE_INVALID_DURATION';
}
