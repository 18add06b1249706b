import type { InjectableOptions } from '@nestjs/common';
import type { DurableServiceOptions } from '../options/decorator-options.js';
import { durableClass } from './class-decorator.js';

/**
 * Makes an injectable a durable service: its `@Handler()` methods can be invoked through `DurableClient` and
 * survive the process that runs them.
 *
 * It stays an ordinary provider: any scope, any base class, any constructor.
 *
 * @param options `name`: what journals and other applications call it; the class name by default. Give one before
 *   you rename a class that has invocations under way.
 * @example
 * ```ts
 * @DurableService()
 * export class OrderService {
 *   @Handler()
 *   async checkout(order: CheckoutDto): Promise<Receipt> { … }
 * }
 * ```
 */
export function DurableService(options: DurableServiceOptions & InjectableOptions = {}): ClassDecorator {
  return durableClass('@DurableService()', options, false);
}
