import { DurableError } from './durable-error.js';
import { showValue } from './show-value.js';

/** A virtual object was addressed without a key, or with one that cannot be; or a plain service with one. */
export class ObjectKeyError extends DurableError {
  readonly code = 'DURABLE_OBJECT_KEY';

  constructor(
    /** Name of the service or object. */
    readonly service: string,
    /** What is wrong: `has no key`, `is addressed with the key …`. */
    readonly reason: string,
    /** What is allowed, or the way out. */
    readonly remedy: string,
  ) {
    super(`${service} ${reason}. ${remedy}`);
  }
}

/** State was asked for where there is none: outside a handler of a virtual object. */
export class NoObjectError extends DurableError {
  readonly code = 'DURABLE_NO_OBJECT';

  constructor(
    /** What was used, as `ObjectState.get`. */
    readonly what: string,
    /** The handler that used it, as `OrderService.checkout`. */
    readonly handler: string,
  ) {
    super(`${what} exists in handlers of a @VirtualObject() only; ${handler} belongs to none.`);
  }
}

/** A `@Shared()` handler wrote to the state of its object: it runs beside others and may only read. */
export class SharedStateError extends DurableError {
  readonly code = 'DURABLE_SHARED_STATE';

  constructor(
    /** What was used, as `ObjectState.set`. */
    readonly what: string,
    readonly handler: string,
  ) {
    super(`${handler} is @Shared() and may only read: ${what} belongs into a @Handler() of the object.`);
  }
}

/** The state of an object cannot be edited by hand now: an exclusive handler has it. */
export class ObjectBusyError extends DurableError {
  readonly code = 'DURABLE_OBJECT_BUSY';

  constructor(
    readonly service: string,
    readonly key: string,
  ) {
    super(
      `${service} ${showValue(key)} is held by an invocation that is not over. Edit its state when it is, or do it in a handler.`,
    );
  }
}

/** A call would wait for an object that one of those holds who wait for the call: it would never come. */
export class DeadlockError extends DurableError {
  readonly code = 'DURABLE_DEADLOCK';

  constructor(
    /** As `Warehouse.reserve "sku-1"`. */
    readonly call: string,
  ) {
    super(
      `${call} would wait for an object that this handler, or one that waits for it, has for itself. ` +
        'Call a @Shared() handler, send one way, or do it without the call.',
    );
  }
}

/** What a handler waited for did not come within the `timeout` that it gave. */
export class WaitTimeoutError extends DurableError {
  readonly code = 'DURABLE_WAIT_TIMEOUT';

  constructor(
    /** As `signal approve`, `call Warehouse.reserve`. */
    readonly what: string,
    /** In milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(`The ${what} was waited for, and did not come within ${timeoutMs} ms.`);
  }
}

/** No awakeable has this id: it is no id of one, of another database, or its invocation is not kept any more. */
export class AwakeableNotFoundError extends DurableError {
  readonly code = 'DURABLE_AWAKEABLE_NOT_FOUND';

  constructor(
    /** As it was given. */
    readonly id: string,
    reason: string,
  ) {
    super(`There is no awakeable ${showValue(id)}: ${reason}.`);
  }
}

/** The awakeable was completed before in another way, or its timeout was over: what came first counts. */
export class AwakeableCompletedError extends DurableError {
  readonly code = 'DURABLE_AWAKEABLE_COMPLETED';

  constructor(readonly id: string) {
    super(
      `Awakeable ${showValue(id)} was completed before, or its timeout was over. What came first counts; this completion changed nothing.`,
    );
  }
}

/** The invocation is over: nothing can reach it any more. */
export class InvocationOverError extends DurableError {
  readonly code = 'DURABLE_INVOCATION_OVER';

  constructor(
    readonly invocationId: string,
    /** What was to reach it, as `signal approve`. */
    readonly what: string,
  ) {
    super(`Invocation ${invocationId} is over: the ${what} does not reach it any more.`);
  }
}

/** A durable operation was called within a step, whose inside is not journaled. */
export class InsideStepError extends DurableError {
  readonly code = 'DURABLE_INSIDE_STEP';

  constructor(
    /** As `DurableContext.sleep`. */
    readonly what: string,
    /** Name of the step. */
    readonly step: string,
  ) {
    super(
      `${what} was called within step ${showValue(step)}. A step is one unit: call it in the handler, before or after the step.`,
    );
  }
}

/** A handler ran on after something that is not durable: on replay it may come in another order. */
export class UnjournaledAwaitError extends DurableError {
  readonly code = 'DURABLE_UNJOURNALED_AWAIT';

  constructor(
    /** As `OrderService.checkout`. */
    readonly handler: string,
    /** The operation that was called then, as `step charge`. */
    readonly operation: string,
  ) {
    super(
      `${handler} called ${operation} after it had awaited something that is not durable (fetch, setTimeout, a query …). ` +
        'A replay may see it in another order: put that into a step, or into DurableContext.run().',
    );
  }
}
