import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { AttemptView, StepView } from '../ports/attempt-view.js';
import type { StepCall, StepCalls } from '../ports/steps.js';

/** What the running code belongs to: an attempt, and within it perhaps a step. */
export interface Scope {
  readonly attempt: DurableOperations & AttemptView;
  readonly step: StepView | undefined;
}

/** Durable operations that code may call within an attempt. */
export interface DurableOperations {
  /** Makes the calls that {@link step} takes, of methods and functions of the application. */
  readonly steps: StepCalls;
  step(call: StepCall): Promise<unknown>;
}

const KEY = Symbol.for('nestjs-durable.scope');

/** One storage for the process, even if both builds of the package are loaded; it holds nothing by itself. */
function storage(): AsyncLocalStorage<Scope> {
  const registry = globalThis as { [KEY]?: AsyncLocalStorage<Scope> };
  return (registry[KEY] ??= new AsyncLocalStorage<Scope>());
}

const scopes = storage();

/** The scope of the running code; `undefined` outside an invocation. */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

/** Runs `fn`, and all that it starts, in a scope. */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  return scopes.run(scope, fn);
}

const outside = new AsyncResource('nestjs-durable');

/**
 * Runs `fn` with none of the caller's async storages: an invocation that is driven where it was sent must not see
 * more than it would elsewhere.
 */
export function runOutside<T>(fn: () => T): T {
  return outside.runInAsyncScope(fn);
}
