import { DurableError } from './durable-error.js';

/** An option asks for a package that is not installed. */
export class MissingPackageError extends DurableError {
  readonly code = 'DURABLE_MISSING_PACKAGE';

  constructor(
    /** The package to install. */
    readonly packageName: string,
    /** The option that needs it. */
    readonly option: string,
    cause?: unknown,
  ) {
    super(`The option "${option}" needs the package "${packageName}": run "npm install ${packageName}".`, {
      cause,
    });
  }
}
