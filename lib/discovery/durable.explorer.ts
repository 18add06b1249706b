import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { HandlerMetadata } from '../decorators/metadata.js';
import { InvalidDecoratorError } from '../errors/index.js';
import { type DecoratedMethod, MetadataAccessor } from './metadata-accessor.js';

/** A provider, as Nest keeps it. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A durable service of the application. */
export interface FoundService {
  readonly name: string;
  readonly type: Type;
  readonly wrapper: ProviderWrapper;
  readonly handlers: readonly DecoratedMethod<HandlerMetadata>[];
}

/** Finds the durable services among the providers of the application. */
@Injectable()
export class DurableExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly accessor: MetadataAccessor,
  ) {}

  /** @throws InvalidDecoratorError for a `@Handler()` on a class without `@DurableService()` */
  explore(): FoundService[] {
    const found = new Map<Type, FoundService>();
    for (const wrapper of this.discovery.getProviders()) {
      const type = typeOf(wrapper);
      // A class that several modules provide is one service still.
      if (!type || found.has(type)) continue;
      const name = this.accessor.serviceName(type);
      const handlers = this.accessor.handlers(type);
      if (name !== undefined) found.set(type, { name, type, wrapper, handlers });
      else if (handlers[0]) throw handlerWithoutService(type, handlers[0].key);
    }
    return [...found.values()];
  }
}

function typeOf({ metatype, inject, instance }: ProviderWrapper): Type | undefined {
  // A factory's metatype is the factory; the class is that of what it made.
  if (inject) return (instance as object | undefined)?.constructor as Type | undefined;
  return typeof metatype === 'function' && metatype.prototype ? (metatype as Type) : undefined;
}

function handlerWithoutService(type: Type, key: string): InvalidDecoratorError {
  return new InvalidDecoratorError(
    '@Handler()',
    `${type.name}.${key}`,
    `its class has no @DurableService(): add it to ${type.name}`,
  );
}
