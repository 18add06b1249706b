import { validateStepOptions, type StepOptions } from '../options/decorator-options.js';
import { checkNested, currentScope } from '../runtime/scope.js';
import type { StepMethod } from '../ports/steps.js';
import { decoratedMethod, describeParameters } from './method-decorator.js';
import { STEP_METADATA } from './metadata.js';

/** What `@Step()` is to the compiler. */
export interface StepDecorator {
  /** Stands on a method that gives a promise: that is what every step gives within an invocation. */
  <M extends (...args: never[]) => PromiseLike<unknown>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void;
  /** Lets Nest's `applyDecorators` take it. On a class it throws. */
  (target: object): void;
}

/**
 * Makes a method a step: within an invocation it runs at least once, and its result is recorded once, so that a
 * replay gets the result and does not run it again.
 *
 * For methods of any provider, of any scope, inherited ones and `this.step()` included. Enhancers of the method
 * and its class apply to each try, and not to a replayed step. Outside an invocation, and within another step, it
 * is the plain method.
 *
 * @param options `name` (`Class.method` by default; give one before you rename), `retry`, `timeout` of one try,
 *   `transaction`: one of its own, which its result is committed with
 *   `compensate`: the method of the same class that undoes it if the invocation ends badly
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) on anything that is not a method
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
 * @example
 * ```ts
 * @Step({ retry: { maxAttempts: 5, initialDelay: '200ms' }, timeout: '5s' })
 * async charge(order: CheckoutDto): Promise<Payment> { … }
 * ```
 */
export function Step(options: StepOptions = {}): StepDecorator {
  return (target: object, name?: string | symbol, property?: PropertyDescriptor): void => {
    const { key, method: body, descriptor } = decoratedMethod('@Step()', target, name, property);
    validateStepOptions(options, `@Step() ${target.constructor.name}.${key}`);
    describeParameters(target, key, body);
    const method = function (this: object, ...args: never[]): unknown {
      const scope = currentScope();
      if (scope?.step && scope.body !== step)
        checkNested(options, `${this.constructor.name}.${key}`, scope.step);
      if (!scope) return body.apply(this, args);
      if (scope.step) return scope.attempt.steps.bodyOf(this, step, body).apply(this, args);
      const { attempt } = scope;
      return attempt.step(attempt.steps.ofMethod(this, step, args));
    };
    const step: StepMethod = { key, options, method };
    for (const own of ['name', 'length'] as const) {
      Object.defineProperty(method, own, { value: body[own], configurable: true });
    }
    copyMetadata(body, method);
    Reflect.defineMetadata(STEP_METADATA, options, method);
    descriptor.value = method;
  };
}

/** Decorators that stand below have written to the body; those above will write to the method. */
function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getMetadataKeys(from) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, from), to);
  }
}
