/** Every error of this package: a stable `code`, a message that says what happened and what to do. */
export abstract class DurableError extends Error {
  abstract readonly code: `DURABLE_${string}`;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
