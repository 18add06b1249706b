import { Injectable, SetMetadata, applyDecorators, type InjectableOptions } from '@nestjs/common';
import { validateServiceOptions, type DurableServiceOptions } from '../options/decorator-options.js';
import { SERVICE_METADATA, type ServiceMetadata } from './metadata.js';

/** Makes Nest count request-scoped global enhancers in, as it does for controllers and resolvers. */
const ENTRY_PROVIDER = '__entryProvider__';

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
  const { scope, durable, ...service } = options;
  validateServiceOptions(service, '@DurableService()');
  const injectable: InjectableOptions =
    scope === undefined ? {} : { scope, ...(durable === undefined ? {} : { durable }) };
  return applyDecorators(
    Injectable(injectable),
    SetMetadata(SERVICE_METADATA, service satisfies ServiceMetadata),
    SetMetadata(ENTRY_PROVIDER, true),
  );
}
