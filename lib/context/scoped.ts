import { InsideStepError, NoInvocationError } from '../errors/index.js';
import { currentScope, type Scope } from '../runtime/scope.js';

/**
 * The scope of the running code.
 * @param what was used, as `DurableContext.attempt`
 * @throws NoInvocationError (DURABLE_NO_INVOCATION) outside an invocation
 */
export function scopeFor(what: string): Scope {
  const scope = currentScope();
  if (!scope) throw new NoInvocationError(what);
  return scope;
}

/**
 * The attempt of the running handler.
 * @throws NoInvocationError (DURABLE_NO_INVOCATION) outside an invocation
 * @throws InsideStepError (DURABLE_INSIDE_STEP) within a step
 */
export function attemptFor(what: string): Scope['attempt'] {
  const { attempt, step } = scopeFor(what);
  if (step) throw new InsideStepError(what, step.name);
  return attempt;
}
