import { Injectable, SetMetadata, applyDecorators, type InjectableOptions } from '@nestjs/common';
import { validateServiceOptions, type DurableServiceOptions } from '../options/decorator-options.js';
import { SERVICE_METADATA, type ServiceMetadata } from './metadata.js';

/** Makes Nest count request-scoped global enhancers in, as it does for controllers and resolvers. */
const ENTRY_PROVIDER = '__entryProvider__';

/** Makes a class an injectable whose handlers can be invoked durably. */
export function durableClass(
  decorator: string,
  options: DurableServiceOptions & InjectableOptions,
  isObject: boolean,
): ClassDecorator {
  const { scope, durable, ...service } = options;
  validateServiceOptions(service, decorator);
  const injectable: InjectableOptions =
    scope === undefined ? {} : { scope, ...(durable === undefined ? {} : { durable }) };
  return applyDecorators(
    Injectable(injectable),
    SetMetadata(SERVICE_METADATA, { options: service, isObject } satisfies ServiceMetadata),
    SetMetadata(ENTRY_PROVIDER, true),
  );
}
