import { DurableError } from './durable-error.js';

/** What the Redis transport was given cannot be used. Never holds a secret. */
export class RedisOptionError extends DurableError {
  readonly code = 'DURABLE_REDIS_OPTION';

  constructor(
    /** What is wrong: `redis`, `namespace`, `service`, `origin` … */
    readonly option: string,
    /** Why, and what is allowed. */
    reason: string,
  ) {
    super(`Redis transport: "${option}" ${reason}`);
  }
}

/** The transport was closed before the call. */
export class TransportClosedError extends DurableError {
  readonly code = 'DURABLE_TRANSPORT_CLOSED';

  constructor(action: string) {
    super(`The transport is closed: it cannot ${action} any more. Create a new one.`);
  }
}
