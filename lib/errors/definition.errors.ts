import { DurableError } from './durable-error.js';
import { showValue } from './show-value.js';

/** A class was used as a durable service and is not one: not decorated, or a provider of no module. */
export class NotRegisteredError extends DurableError {
  readonly code = 'DURABLE_NOT_REGISTERED';

  constructor(
    readonly className: string,
    readonly reason: 'not_decorated' | 'not_provided',
  ) {
    super(
      reason === 'not_decorated'
        ? `${className} is not a durable service. Decorate the class with @DurableService(), or with @VirtualObject().`
        : `${className} is a provider of no module. Add it to the providers of a module that the application imports.`,
    );
  }
}

/** Two classes or methods claim one durable name, so that a journal could not tell which of them it belongs to. */
export class DuplicateNameError extends DurableError {
  readonly code = 'DURABLE_DUPLICATE_NAME';

  /**
   * @param kind what has the name: `service`, `handler`, `registered error` …
   * @param first one that claims it, as `OrderService.checkout`
   * @param second the other one
   */
  constructor(
    readonly kind: string,
    /** The name that both claim. */
    readonly duplicate: string,
    readonly first: string,
    readonly second: string,
  ) {
    const both = `The ${kind} name ${showValue(duplicate)} is claimed by ${first} and by ${second}`;
    super(`${both}. Rename one of them, or give it another name in its options.`);
  }
}

/** A decorator stands where it cannot work: `@Step()` on a getter, `@Handler()` on a static method … */
export class InvalidDecoratorError extends DurableError {
  readonly code = 'DURABLE_INVALID_DECORATOR';

  /**
   * @param decorator as `@Step()`
   * @param target what it stands on, as `PaymentGateway.charge`
   * @param reason what is wrong and what to do, a part of a sentence: `a getter cannot be a step; make it a method`
   */
  constructor(
    readonly decorator: string,
    readonly target: string,
    readonly reason: string,
  ) {
    super(`${decorator} on ${target}: ${reason}.`);
  }
}

/**
 * A guard, pipe, interceptor or filter stands on a handler or step for which Nest could not make it, so that it
 * would be left out without a word.
 */
export class UnusableEnhancerError extends DurableError {
  readonly code = 'DURABLE_UNUSABLE_ENHANCER';

  constructor(
    /** Class of the enhancer. */
    readonly enhancer: string,
    /** What it stands on, as `PaymentGateway.charge`. */
    readonly method: string,
    /** Why it cannot be used there and what to do, a part of a sentence. */
    readonly reason: string,
  ) {
    super(`${enhancer} on ${method}: ${reason}.`);
  }
}

/** A name of a service, handler, step, signal … breaks the rule for names. */
export class InvalidNameError extends DurableError {
  readonly code = 'DURABLE_INVALID_NAME';
  /** The name as text: shortened. */
  readonly shown: string;

  /**
   * @param kind what has the name: `service`, `handler`, `step`, `signal`, `progress`, `state`
   * @param rule what a name must be
   */
  constructor(
    readonly kind: string,
    value: unknown,
    readonly rule: string,
    /** Where it stands, as `@Step() PaymentGateway.charge`. */
    readonly where: string,
  ) {
    const shown = showValue(value);
    super(`${where}: ${shown} is not a ${kind} name. Allowed: ${rule}.`);
    this.shown = shown;
  }
}
