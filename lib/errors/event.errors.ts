import { DurableError } from './durable-error.js';
import { showValue, truncate } from './show-value.js';

/** What is wrong with one property of an event. */
export interface EventProblem {
  /** Where it is, as `address.zip` or `items[0].sku`; empty: the event itself. */
  readonly path: string;
  /** What its class asks for, as the validators say it. */
  readonly messages: readonly string[];
}

/** An event breaks the rules of its class. Nothing was stored. */
export class InvalidEventError extends DurableError {
  readonly code = 'DURABLE_INVALID_EVENT';

  constructor(
    /** Name of the event. */
    readonly event: string,
    /** What is wrong, by property. */
    readonly details: readonly EventProblem[],
  ) {
    const said = details.flatMap(({ messages }) => messages).join('; ');
    super(`The event ${showValue(event)} is not valid: ${truncate(said, 1_000)}. Nothing was published.`);
  }
}

/** What is to be published is no event: no class decorated with `@DurableEvent()` describes it. Nothing was stored. */
export class UnknownEventError extends DurableError {
  readonly code = 'DURABLE_UNKNOWN_EVENT';

  constructor(
    /** What was given, as a short text: its class, or the value. */
    readonly shown: string,
  ) {
    super(
      `${shown} is no event. Publish an instance of a class that is decorated with @DurableEvent('name') itself, ` +
        'or such a class and its data: publish(UserSignedUp, { … }).',
    );
  }
}
