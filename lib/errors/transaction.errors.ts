import { DurableError } from './durable-error.js';

/** A step asks for a transaction, or a send is to join one, where the database is not shared with the application. */
export class TransactionUnavailableError extends DurableError {
  readonly code = 'DURABLE_TRANSACTION_UNAVAILABLE';

  constructor(
    /** What asks for it, as `@Step() Accounts.debit`. */
    readonly what: string,
  ) {
    super(
      `${what} needs a transaction of the application, and its TypeORM DataSource is not known here. Hand it over as ` +
        'the option `postgres`: DurableModule.forRootAsync({ inject: [DataSource], useFactory: postgres => ({ postgres }) }). ' +
        'On the embedded database, give that DataSource `driver: embeddedDriver()`.',
    );
  }
}

/** A step with a transaction of its own was called within another step. */
export class NestedTransactionError extends DurableError {
  readonly code = 'DURABLE_NESTED_TRANSACTION';

  constructor(
    /** The step that was called. */
    readonly step: string,
    /** The step in progress. */
    readonly within: string,
  ) {
    super(
      `The step ${step} has a transaction of its own and was called within the step ${within}. A step is one unit: call ` +
        `${step} from the handler, or move what it does into a plain method that both use.`,
    );
  }
}

/** A result was awaited within the transaction that is to bring about the invocation: it would wait for itself. */
export class CallInTransactionError extends DurableError {
  readonly code = 'DURABLE_CALL_IN_TRANSACTION';

  constructor(
    /** What was used, as `DurableClient.call()`. */
    readonly what: string,
  ) {
    super(
      `${what} waits for an invocation that does not begin before the open transaction is committed. ` +
        'Use send() within the transaction, and await result() of its handle after it.',
    );
  }
}

/** The transaction of a step cannot be committed for what the step did to it; rolled back. Retried like any failure. */
export class TransactionBrokenError extends DurableError {
  readonly code = 'DURABLE_TRANSACTION_BROKEN';

  constructor(
    /** Name of the step. */
    readonly step: string,
    readonly reason: string,
    /** The way out. */
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`The transaction of the step ${step} cannot be committed: ${reason}. ${remedy}`, options);
  }
}
