import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { AttemptView, InvocationView, StepView } from '../ports/attempt-view.js';
import { currentScope } from '../runtime/scope.js';

/** What `getType()` of an execution context says within a durable handler or step. */
export const DURABLE_CONTEXT_TYPE = 'durable';

/**
 * The durable side of Nest's execution context, for guards, interceptors, pipes and filters.
 *
 * @example
 * ```ts
 * canActivate(context: ExecutionContext): boolean {
 *   if (context.getType<string>() !== 'durable') return true;
 *   const { invocation, attempt } = DurableExecutionContext.create(context);
 *   …
 * }
 * ```
 */
export class DurableExecutionContext {
  private constructor(
    private readonly attemptView: AttemptView,
    /** The step whose try this is; `undefined` around a handler. */
    readonly step: StepView | undefined,
    private readonly args: readonly unknown[],
  ) {}

  /**
   * The durable side of a context.
   * @throws TypeError if the context is of another type, such as `http`
   */
  static create(context: ExecutionContext | ArgumentsHost): DurableExecutionContext {
    const scope = currentScope();
    if (!scope || context.getType<string>() !== DURABLE_CONTEXT_TYPE) {
      throw new TypeError(
        `this context is of type ${context.getType()}: ask getType() for '${DURABLE_CONTEXT_TYPE}' first`,
      );
    }
    return new DurableExecutionContext(scope.attempt, scope.step, context.getArgs());
  }

  get invocation(): InvocationView {
    return this.attemptView.invocation;
  }

  /** Number of the attempt, from 1. */
  get attempt(): number {
    return this.attemptView.attempt;
  }

  /** Whether the handler is given recorded outcomes still. Enhancers of a step never see a replayed one. */
  get isReplaying(): boolean {
    return this.attemptView.isReplaying;
  }

  /** Arguments of the handler or the step. */
  getArgs<T extends unknown[] = unknown[]>(): T {
    return [...this.args] as T;
  }
}
