import { SetMetadata } from '@nestjs/common';
import { InvalidDecoratorError } from '../errors/index.js';
import { validateHandlerOptions, type HandlerOptions } from '../options/decorator-options.js';
import { decoratedMethod, describeParameters } from './method-decorator.js';
import { HANDLER_METADATA, type HandlerMetadata } from './metadata.js';

/**
 * Makes a method of a `@DurableService()` a durable entry point; of a `@VirtualObject()`, one that has the key of the
 * object for itself.
 *
 * Guards, pipes, interceptors and exception filters apply as they do to a route, with `getType() === 'durable'`,
 * on every attempt. What the body awaits should be durable: steps, and the operations of `DurableContext`.
 * Called as a method, it is just that method.
 *
 * @param options `name` (the method's by default), `retry` and `timeout` of an attempt (module defaults)
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) on anything that is not a method, or is `@Shared()`
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
 */
export function Handler(options: HandlerOptions = {}): MethodDecorator {
  return entryPoint('@Handler()', options, false);
}

/**
 * Makes a method of a `@VirtualObject()` a durable entry point that runs beside all others of its key, and so may
 * only read the state of the object. Else as `@Handler()`.
 *
 * @param options `name` (the method's by default), `retry` and `timeout` of an attempt (module defaults)
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) on anything that is not a method, or has `@Handler()`;
 *   at boot, in a class that is no `@VirtualObject()`
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION)
 */
export function Shared(options: HandlerOptions = {}): MethodDecorator {
  return entryPoint('@Shared()', options, true);
}

function entryPoint(decorator: string, options: HandlerOptions, isShared: boolean): MethodDecorator {
  return (target, name, property) => {
    const { key, method, descriptor } = decoratedMethod(decorator, target, name, property);
    const place = `${target.constructor.name}.${key}`;
    validateHandlerOptions(options, `${decorator} ${place}`);
    const other = Reflect.getMetadata(HANDLER_METADATA, method) as HandlerMetadata | undefined;
    if (other && other.isShared !== isShared) {
      const both =
        'it is both @Handler() and @Shared(): it either has the key for itself or runs beside others';
      throw new InvalidDecoratorError(decorator, place, both);
    }
    describeParameters(target, key, method);
    SetMetadata(HANDLER_METADATA, { options, isShared } satisfies HandlerMetadata)(target, key, descriptor);
  };
}
