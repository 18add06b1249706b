import { DurableError } from './durable-error.js';

/** An option asks for an optional package that is not installed. */
export class MissingPackageError extends DurableError {
  readonly code = 'DURABLE_MISSING_PACKAGE';

  /**
   * @param packageName The npm package that could not be found, also as `package`.
   * @param option What asked for it, as the user wrote it.
   */
  constructor(
    packageName: string,
    readonly option: string,
    options?: ErrorOptions,
  ) {
    const command = `npm install ${packageName}`;
    super(`${option} needs the package "${packageName}", which is not installed. Run: ${command}`, options);
    this.package = packageName;
    this.command = command;
  }

  /** The npm package that could not be found. */
  readonly package: string;
  /** The command that installs it. */
  readonly command: string;
}
