import { Injectable } from '@nestjs/common';
import { NoInvocationError } from '../errors/index.js';
import { validateStepOptions, type StepOptions } from '../options/decorator-options.js';
import { assertStepName } from '../options/names.js';
import type { InvocationView, StepView } from '../ports/attempt-view.js';
import { currentScope, type Scope } from '../runtime/scope.js';

const NO_OPTIONS: StepOptions = {};
const NEVER_ABORTED = new AbortController().signal;

/**
 * The invocation in progress, injectable anywhere.
 *
 * A singleton: it knows what the running code belongs to. Outside an invocation, as in a unit test, {@link run} just
 * runs its function, and what only an invocation has throws `NoInvocationError`.
 */
@Injectable()
export class DurableContext {
  /** Whether the running code belongs to an invocation. */
  get isActive(): boolean {
    return currentScope() !== undefined;
  }

  /** @throws NoInvocationError (DURABLE_NO_INVOCATION) outside an invocation */
  get invocation(): InvocationView {
    return this.scope('invocation').attempt.invocation;
  }

  /** Number of the attempt, from 1: failed attempts before it, plus one. Crashes do not count. */
  get attempt(): number {
    return this.scope('attempt').attempt.attempt;
  }

  /** Whether the handler is given recorded outcomes still: what it says now it said before. */
  get isReplaying(): boolean {
    return this.scope('isReplaying').attempt.isReplaying;
  }

  /**
   * Within a step: aborted when its timeout is over, or its attempt. Within a handler: when its attempt is over
   * before its end. Pass it to `fetch` and the like. Outside an invocation: never.
   */
  get signal(): AbortSignal {
    const scope = currentScope();
    return scope ? (scope.step ?? scope.attempt).signal : NEVER_ABORTED;
  }

  /**
   * The step in progress; `undefined` in the handler itself, and outside an invocation. Its `idempotencyKey` is the
   * same for every try.
   */
  get step(): StepView | undefined {
    return currentScope()?.step;
  }

  /**
   * Runs a function as a step: its result is recorded under `name`, and a replay gets it without running it again.
   *
   * Outside an invocation, and within another step, the function is just called.
   *
   * @param name recorded with the result; the same call has the same name on every replay
   * @param options `retry` and `timeout` of one try; the module's step defaults
   * @throws InvalidNameError (DURABLE_INVALID_NAME)
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
   */
  run<T>(
    name: string,
    body: () => T | Promise<T>,
    options: Omit<StepOptions, 'name'> = NO_OPTIONS,
  ): Promise<T> {
    assertStepName(name, 'DurableContext.run()');
    if (options !== NO_OPTIONS) validateStepOptions(options, `DurableContext.run('${name}')`);
    const scope = currentScope();
    // Within an invocation the promise is the deliverer's own: its rejection never goes unhandled.
    if (!scope || scope.step) return Promise.resolve().then(body);
    return scope.attempt.step(scope.attempt.steps.inline(name, body, options)) as Promise<T>;
  }

  private scope(asked: string): Scope {
    const scope = currentScope();
    if (!scope) throw new NoInvocationError(`DurableContext.${asked}`);
    return scope;
  }
}
