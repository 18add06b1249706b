import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { NestedTransactionError } from '../errors/index.js';
import type { AttemptView, StepView } from '../ports/attempt-view.js';
import type { DurableOperations } from '../ports/operations.js';

/** What the running code belongs to: an attempt, and within it perhaps a step. */
export interface Scope {
  readonly attempt: DurableOperations & AttemptView;
  readonly step: StepView | undefined;
  /** The method that the step is, as its decorator knows it. */
  readonly body?: object | undefined;
}

/** @throws NestedTransactionError (DURABLE_NESTED_TRANSACTION) for a step with a transaction within another step */
export function checkNested(
  options: { readonly transaction?: unknown; readonly name?: string },
  name: string,
  step: StepView,
): void {
  if (options.transaction) throw new NestedTransactionError(options.name ?? name, step.name);
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
