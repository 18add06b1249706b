import { SetMetadata } from '@nestjs/common';
import { validateHandlerOptions, type HandlerOptions } from '../options/decorator-options.js';
import { decoratedMethod, describeParameters } from './method-decorator.js';
import { HANDLER_METADATA } from './metadata.js';

/**
 * Makes a method of a `@DurableService()` a durable entry point.
 *
 * Guards, pipes, interceptors and exception filters apply as they do to a route, with `getType() === 'durable'`,
 * on every attempt. What the body awaits should be durable: steps, and the operations of `DurableContext`.
 * Called as a method, it is just that method.
 *
 * @param options `name` (the method's by default), `retry` and `timeout` of an attempt (module defaults)
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) on anything that is not a method
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
 */
export function Handler(options: HandlerOptions = {}): MethodDecorator {
  return (target, name, property) => {
    const { key, method, descriptor } = decoratedMethod('@Handler()', target, name, property);
    validateHandlerOptions(options, `@Handler() ${target.constructor.name}.${key}`);
    describeParameters(target, key, method);
    SetMetadata(HANDLER_METADATA, options)(target, key, descriptor);
  };
}
