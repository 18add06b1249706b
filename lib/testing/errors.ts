import { DurableError } from '../errors/durable-error.js';

/** Something did not come to rest while a test waited for it. */
export class NotIdleError extends DurableError {
  readonly code = 'DURABLE_NOT_IDLE';

  constructor(
    /** Milliseconds without progress. */
    readonly limitMs: number,
    /** What was still going on. */
    readonly running: readonly string[],
  ) {
    super(
      `Nothing has come to its end for ${limitMs} ms (option idleLimit of DurableTestingModule.forRoot()), and this still ` +
        `runs:\n${running.map(one => `  - ${one}`).join('\n')}\n` +
        'End it, give the option more time, or, where the clock is to move on all the same: advance(…, { whileStepsRun: true }).',
    );
  }
}

/** A test waits for what time alone does not bring about. */
export class NeverSettledError extends DurableError {
  readonly code = 'DURABLE_NEVER_SETTLED';

  constructor(
    /** What is not over. */
    readonly waiting: readonly string[],
  ) {
    super(
      'What was waited for did not settle, and no time that is waited for is left: something from outside is missing, ' +
        `a signal, or the completion of an awakeable. Not over:\n${waiting.map(one => `  - ${one}`).join('\n')}`,
    );
  }
}

/** A step was to be replaced that there is not. */
export class NotAStepError extends DurableError {
  readonly code = 'DURABLE_NOT_A_STEP';

  constructor(
    /** As `PaymentGateway.charge`. */
    readonly method: string,
  ) {
    super(
      `${method} is not a step: only what @Step() decorates, or what one of those names as its compensate, can be replaced.`,
    );
  }
}

/** A crash changed what came of an invocation, or what was done for it. */
export class CrashError extends DurableError {
  readonly code = 'DURABLE_CRASH';

  constructor(
    /** Where the process died, as `after entry 2 of OrderService.checkout: step PaymentGateway.charge`. */
    readonly crash: string,
    /** What was wrong then. */
    readonly problem: string,
    /** Journals of the run without a crash, and of this one. */
    readonly journals: { readonly expected: string; readonly actual: string },
    options?: ErrorOptions,
  ) {
    super(
      `A crash ${crash}: ${problem}\n\nJournals without a crash:\n${journals.expected}\n\nJournals with it:\n${journals.actual}`,
      options,
    );
  }
}
