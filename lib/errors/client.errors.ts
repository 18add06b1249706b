import { DurableError } from './durable-error.js';
import { showValue, truncate } from './show-value.js';

/** The idempotency key was used before, for another handler or with another input. Nothing was accepted. */
export class IdempotencyConflictError extends DurableError {
  readonly code = 'DURABLE_IDEMPOTENCY_CONFLICT';

  constructor(
    /** The idempotency key. */
    readonly key: string,
    /** The invocation that has it. */
    readonly invocationId: string,
  ) {
    super(
      `The idempotency key ${showValue(key)} belongs to invocation ${invocationId}, ` +
        'which has another handler or another input. Use one key for one request only.',
    );
  }
}

/** There is no invocation with this id: it never existed, or its retention is over. */
export class InvocationNotFoundError extends DurableError {
  readonly code = 'DURABLE_INVOCATION_NOT_FOUND';

  constructor(readonly invocationId: string) {
    super(
      `There is no invocation ${showValue(invocationId)}. Check the id; invocations that are over are deleted after retention.after.`,
    );
  }
}

/** The invocation goes on, so that no other one can take its place. */
export class InvocationNotOverError extends DurableError {
  readonly code = 'DURABLE_INVOCATION_NOT_OVER';

  constructor(
    readonly invocationId: string,
    readonly status: string,
  ) {
    super(
      `Invocation ${invocationId} is ${status}. Wait until it is over, or cancel, kill or pause it, before it is restarted.`,
    );
  }
}

/** The journal has no entry with this index. */
export class EntryNotFoundError extends DurableError {
  readonly code = 'DURABLE_ENTRY_NOT_FOUND';

  constructor(
    readonly invocationId: string,
    readonly index: number,
  ) {
    super(
      `The journal of invocation ${invocationId} has no entry ${index}. client.journal(id) lists its entries; 0 starts from the beginning.`,
    );
  }
}

/** The result was not there in time. The invocation itself goes on. */
export class ResultTimeoutError extends DurableError {
  readonly code = 'DURABLE_RESULT_TIMEOUT';

  constructor(
    readonly invocationId: string,
    /** How long was waited, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(
      `Invocation ${invocationId} was not over after ${timeoutMs} ms. It goes on; ask for its result again.`,
    );
  }
}

/** The service or the handler is not registered in this process. */
export class UnknownHandlerError extends DurableError {
  readonly code = 'DURABLE_UNKNOWN_HANDLER';

  /** @param known names that are registered: handlers of the service or, if there is no such service, services */
  constructor(
    readonly service: string,
    readonly handler: string,
    readonly known: readonly string[],
  ) {
    const names = known.length > 0 ? truncate(known.join(', '), 500) : 'nothing';
    super(
      `${showValue(service)} has no handler ${showValue(handler)} in this process. Registered: ${names}. ` +
        'Check the name, and that the module of the service is imported.',
    );
  }
}

/** A method that is no handler was called through the client or the context. */
export class NotAHandlerError extends DurableError {
  readonly code = 'DURABLE_NOT_A_HANDLER';

  constructor(
    readonly className: string,
    readonly method: string,
    /** The handlers that the class has. */
    readonly known: readonly string[],
  ) {
    const names = known.length > 0 ? truncate(known.join(', '), 500) : 'none';
    super(
      `${className}.${method} is not a handler. Decorate it with @Handler(), or call it as a plain method. ` +
        `Handlers of ${className}: ${names}.`,
    );
  }
}

/** The client was closed, with the application, before the answer was there. Accepted invocations go on. */
export class ClientClosedError extends DurableError {
  readonly code = 'DURABLE_CLIENT_CLOSED';

  constructor() {
    super(
      'The durable client is closed: the application stops. Ask elsewhere for the result, by the id of the invocation.',
    );
  }
}

/** `retry()` was asked for an invocation that has not failed. Nothing was changed. */
export class InvocationNotFailedError extends DurableError {
  readonly code = 'DURABLE_INVOCATION_NOT_FAILED';

  constructor(
    readonly invocationId: string,
    /** What it is instead. */
    readonly status: string,
  ) {
    super(`Invocation ${invocationId} is ${status}: only a failed one can be retried.`);
  }
}

/** `retry()` was asked for an invocation that has undone what it did: it cannot go on from there. Nothing was changed. */
export class CompensatedError extends DurableError {
  readonly code = 'DURABLE_COMPENSATED';

  constructor(readonly invocationId: string) {
    super(
      `Invocation ${invocationId} has failed and undone what it did: what its journal has done is not done any more. ` +
        'Send the same request again, as a new invocation.',
    );
  }
}

/** `skipCompensation()` was asked for an invocation that is not paused at a compensation. Nothing was changed. */
export class NothingToSkipError extends DurableError {
  readonly code = 'DURABLE_NOTHING_TO_SKIP';

  constructor(readonly invocationId: string) {
    super(
      `Invocation ${invocationId} is not paused at a compensation that failed: there is nothing to skip. Look at its status first.`,
    );
  }
}

/** `resume()` was asked for an invocation that is not paused. Nothing was changed. */
export class InvocationNotPausedError extends DurableError {
  readonly code = 'DURABLE_INVOCATION_NOT_PAUSED';

  constructor(readonly invocationId: string) {
    super(`Invocation ${invocationId} is not paused: there is nothing to resume.`);
  }
}

/** The database was away for too long while an invocation was to be accepted; `cause` is the last error. */
export class AcceptTimeoutError extends DurableError {
  readonly code = 'DURABLE_ACCEPT_TIMEOUT';

  constructor(
    readonly invocationId: string,
    options: ErrorOptions,
  ) {
    super(
      `The database did not answer while invocation ${invocationId} was to be accepted: it may or may not have been. ` +
        'Send it again; under an idempotencyKey it is accepted once.',
      options,
    );
  }
}
