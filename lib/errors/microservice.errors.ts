import { DurableError } from './durable-error.js';
import { showValue } from './show-value.js';

/** A `DurableServer` was to listen that belongs to no application with durable services, or to two of them. */
export class ServerNotBoundError extends DurableError {
  readonly code = 'DURABLE_SERVER_NOT_BOUND';

  constructor(readonly reason: 'no_module' | 'two_applications') {
    super(
      reason === 'no_module'
        ? 'The application of this DurableServer has no DurableModule. Import DurableModule.forRoot() into its root ' +
            'module, and have @nestjs/core 11.1.4 or newer.'
        : 'This DurableServer was given to two applications. Make one for each: new DurableServer().',
    );
  }
}

/** The worker of this application was stopped, so it cannot be started: an application works once. */
export class WorkerStoppedError extends DurableError {
  readonly code = 'DURABLE_WORKER_STOPPED';

  constructor() {
    super(
      'The worker of this application was stopped and does not start again. Create the application anew.',
    );
  }
}

/** A message pattern names no durable handler. Nothing was sent. */
export class InvalidPatternError extends DurableError {
  readonly code = 'DURABLE_INVALID_PATTERN';
  /** The pattern as text: shortened. */
  readonly shown: string;

  constructor(pattern: unknown) {
    const shown = showValue(pattern);
    super(
      `The pattern ${shown} names no durable handler. Allowed: 'OrderService.checkout', or ` +
        `{ service: 'OrderService', handler: 'checkout' }, for a shared handler with shared: true.`,
    );
    this.shown = shown;
  }
}
