import { DurableError } from './durable-error.js';

/** The transport was closed before the call. */
export class TransportClosedError extends DurableError {
  readonly code = 'DURABLE_TRANSPORT_CLOSED';

  constructor(action: string) {
    super(`The transport is closed: it cannot ${action} any more. Create a new one.`);
  }
}
