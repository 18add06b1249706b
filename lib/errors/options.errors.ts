import { DurableError } from './durable-error.js';

/** An option has a value that this library cannot work with. */
export class InvalidOptionError extends DurableError {
  readonly code = 'DURABLE_INVALID_OPTION';

  /**
   * @param option Name of the option, as the user wrote it.
   * @param problem What is wrong with its value; never a secret.
   * @param allowed What is allowed instead.
   */
  constructor(
    readonly option: string,
    readonly problem: string,
    readonly allowed: string,
  ) {
    super(`Option "${option}" ${problem}. Allowed: ${allowed}.`);
  }
}
