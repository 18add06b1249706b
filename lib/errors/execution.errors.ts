import { type Duration, parseDuration } from '../options/duration.js';
import { DurableError } from './durable-error.js';
import { showValue } from './show-value.js';

/** What {@link TerminalError} takes beside its message. */
export interface TerminalErrorOptions extends ErrorOptions {
  /** Data for the caller. It is stored with the error, so it must be serialisable. */
  readonly details?: unknown;
}

/** Thrown by a step or a handler: it failed for good and is not tried again. */
export class TerminalError extends DurableError {
  readonly code: `DURABLE_${string}` = 'DURABLE_TERMINAL';
  /** Data for the caller. */
  readonly details: unknown;

  constructor(message: string, options?: TerminalErrorOptions) {
    super(message, options);
    this.details = options?.details;
  }
}

/** What {@link RetryableError} takes beside its message. */
export interface RetryableErrorOptions extends TerminalErrorOptions {
  /** The next try comes this much later at the earliest, also where the policy would come sooner. */
  readonly retryAfter?: Duration;
}

/**
 * Thrown by a step or a handler: it failed and is to be tried again, as often as its retry policy allows.
 * @throws InvalidDurationError if `retryAfter` is not a duration
 */
export class RetryableError extends DurableError {
  readonly code: `DURABLE_${string}` = 'DURABLE_RETRYABLE';
  /** Least delay before the next try, in milliseconds; `undefined`: the policy decides alone. */
  readonly retryAfterMs: number | undefined;
  /** Data for the caller, should the last try throw this. */
  readonly details: unknown;

  constructor(message: string, options?: RetryableErrorOptions) {
    super(message, options);
    const retryAfter = options?.retryAfter;
    this.retryAfterMs = retryAfter === undefined ? undefined : parseDuration(retryAfter, 'retryAfter');
    this.details = options?.details;
  }
}

/** A try of a step, or an attempt of a handler, took longer than its `timeout`. Retried like any failure. */
export class TimeoutError extends DurableError {
  readonly code = 'DURABLE_TIMEOUT';

  /** @param what `step charge`, `handler orders.checkout` */
  constructor(
    readonly what: string,
    /** The limit, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(`The ${what} was not over after ${timeoutMs} ms. Make it faster, or raise its timeout.`);
  }
}

/** The invocation was cancelled. */
export class CancelledError extends DurableError {
  readonly code = 'DURABLE_CANCELLED';

  constructor(readonly invocationId: string) {
    super(`Invocation ${invocationId} was cancelled.`);
  }
}

/** The invocation was not over at its deadline. */
export class DeadlineExceededError extends DurableError {
  readonly code = 'DURABLE_DEADLINE_EXCEEDED';

  constructor(readonly invocationId: string) {
    super(`Invocation ${invocationId} was not over at its deadline.`);
  }
}

/** The invocation was ended from outside, without its handler. */
export class KilledError extends DurableError {
  readonly code = 'DURABLE_KILLED';

  constructor(readonly invocationId: string) {
    super(`Invocation ${invocationId} was killed. Its handler was not asked, and nothing was made good.`);
  }
}

/**
 * An invocation ended badly, and something that it did could not be undone: its compensation is out of tries, or what
 * there is to undo is not known, for its handler failed before it had repeated what it did. `cause` says why. The
 * invocation is paused until an operator decides.
 */
export class CompensationFailedError extends DurableError {
  readonly code = 'DURABLE_COMPENSATION_FAILED';

  constructor(
    readonly invocationId: string,
    /** Name of the compensation that failed, or what else was not undone. */
    readonly compensation: string,
    options?: ErrorOptions,
  ) {
    super(
      `Invocation ${invocationId} is paused: it is to undo what it did, and ${showValue(compensation)} failed. ` +
        'See the cause; then resume() it to try again, skipCompensation() once it is done by hand, or kill() it.',
      options,
    );
  }
}

/** The invocation was paused from outside. It goes on when it is resumed. */
export class PausedError extends DurableError {
  readonly code = 'DURABLE_PAUSED';

  constructor(readonly invocationId: string) {
    super(
      `Invocation ${invocationId} was paused by an operator. Resume it, and it goes on from its journal.`,
    );
  }
}

/** A durable operation, as a journal and as code name it. */
export interface OperationSignature {
  readonly kind: string;
  readonly name: string;
}

/**
 * The code of a handler and the journal of one of its invocations differ, so that going on would repeat or skip
 * effects. The invocation is paused; nothing more of it is executed.
 */
export class JournalMismatchError extends DurableError {
  readonly code = 'DURABLE_JOURNAL_MISMATCH';
  /** Position among the durable calls, from 0. */
  readonly index: number;
  /** What the journal has there; `undefined`: nothing. */
  readonly recorded: OperationSignature | undefined;
  /** What the code called there; `undefined`: nothing more. */
  readonly called: OperationSignature | undefined;

  constructor(
    readonly invocationId: string,
    mismatch: {
      readonly index: number;
      readonly recorded: OperationSignature | undefined;
      readonly called: OperationSignature | undefined;
    },
    options?: ErrorOptions,
  ) {
    const { index, recorded, called } = mismatch;
    super(
      `Invocation ${invocationId} is paused: durable call ${index} was recorded as ${signature(recorded)}, ` +
        `the code now calls ${signature(called)}. ` +
        'Deploy code that makes the recorded calls in the recorded order, then resume it.',
      options,
    );
    this.index = index;
    this.recorded = recorded;
    this.called = called;
  }
}

function signature(of: OperationSignature | undefined): string {
  if (!of) return 'nothing';
  return of.name === '' ? of.kind : `${of.kind} ${showValue(of.name)}`;
}

/**
 * An invocation called more durable operations than `limits.journal` allows, and failed: each attempt would read them
 * all again, and there would be ever more.
 */
export class JournalTooLongError extends DurableError {
  readonly code = 'DURABLE_JOURNAL_TOO_LONG';

  constructor(
    readonly invocationId: string,
    /** The limit, in durable operations. */
    readonly limit: number,
  ) {
    super(
      `Invocation ${invocationId} called more than ${limit} durable operations, which limits.journal does not allow. ` +
        'Have a loop hand the rest over to a new invocation of its handler, do several things in one step, ' +
        'or raise limits.journal.',
    );
  }
}

/** Workers died again and again while they drove the invocation. It failed, so that it kills no more of them. */
export class PoisonError extends DurableError {
  readonly code = 'DURABLE_POISON';

  constructor(
    readonly invocationId: string,
    /** How many workers died in a row, without a new settled entry between. */
    readonly deaths: number,
    /** The step that was being executed, where that is known. */
    readonly step?: string,
  ) {
    super(
      `Invocation ${invocationId} failed: ${deaths} workers in a row died while they drove it` +
        `${step === undefined ? '' : ` (in step ${showValue(step)})`}. ` +
        'Find what ends the process (memory, process.exit, a native crash), then retry the invocation.',
    );
  }
}

/** This process does not own the invocation any more: another one does, or will. What it still does has no effect. */
export class AttemptLostError extends DurableError {
  readonly code = 'DURABLE_ATTEMPT_LOST';

  constructor(readonly invocationId: string) {
    super(
      `This attempt of invocation ${invocationId} is over here; it goes on elsewhere. Stop what still runs for it.`,
    );
  }
}

/** Something that belongs to an invocation was used outside of one. */
export class NoInvocationError extends DurableError {
  readonly code = 'DURABLE_NO_INVOCATION';

  constructor(
    /** What was used, as `DurableContext.invocation`. */
    readonly what: string,
  ) {
    super(`${what} exists within an invocation only. Ask DurableContext.isActive first.`);
  }
}

/** A handler or step got more arguments than it declares: pipes would not see the rest. Never retried. */
export class SurplusArgumentsError extends DurableError {
  readonly code = 'DURABLE_SURPLUS_ARGUMENTS';

  constructor(
    /** As `OrderService.checkout`. */
    readonly method: string,
    readonly declared: number,
    readonly given: number,
  ) {
    super(
      `${method} declares ${declared} arguments and got ${given}. Declare them all, none of them as a rest parameter.`,
    );
  }
}
