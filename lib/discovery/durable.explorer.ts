import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { HandlerMetadata, StepMetadata } from '../decorators/metadata.js';
import { InvalidDecoratorError } from '../errors/index.js';
import { type DecoratedMethod, MetadataAccessor } from './metadata-accessor.js';

/** A provider, as Nest keeps it. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A provider and the class of what it provides. */
export interface FoundProvider {
  readonly type: Type;
  readonly wrapper: ProviderWrapper;
}

/** A durable service of the application. */
export interface FoundService extends FoundProvider {
  readonly name: string;
  readonly handlers: readonly DecoratedMethod<HandlerMetadata>[];
}

/** A provider that has steps. */
export interface FoundSteps extends FoundProvider {
  readonly steps: readonly DecoratedMethod<StepMetadata>[];
}

/** Finds what is durable among the providers of the application. */
@Injectable()
export class DurableExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly accessor: MetadataAccessor,
  ) {}

  /** @throws InvalidDecoratorError for a `@Handler()` on a class without `@DurableService()` */
  exploreServices(): FoundService[] {
    const found = new Map<Type, FoundService>();
    for (const { type, wrapper } of this.providers()) {
      // A class that several modules provide is one service still.
      if (found.has(type)) continue;
      const name = this.accessor.serviceName(type);
      const handlers = this.accessor.handlers(type);
      if (name !== undefined) found.set(type, { name, type, wrapper, handlers });
      else if (handlers[0]) throw handlerWithoutService(type, handlers[0].key);
    }
    return [...found.values()];
  }

  /** Every provider whose class has steps, of its own or inherited. */
  exploreSteps(): FoundSteps[] {
    return this.providers()
      .map(provider => ({ ...provider, steps: this.accessor.steps(provider.type) }))
      .filter(({ steps }) => steps.length > 0);
  }

  private providers(): FoundProvider[] {
    return this.discovery.getProviders().flatMap(wrapper => {
      const type = wrapper.isAlias ? undefined : typeOf(wrapper);
      return type ? [{ type, wrapper }] : [];
    });
  }
}

function typeOf({ isNotMetatype, metatype, instance, token }: ProviderWrapper): Type | undefined {
  if (!isNotMetatype) return metatype?.prototype ? (metatype as Type) : undefined;
  // Made by a factory, or given as a value: its class is that of what there is, or what it is provided as.
  const made: unknown = instance;
  const prototype: unknown =
    typeof made === 'object' && made !== null
      ? Object.getPrototypeOf(made)
      : (token as { prototype?: unknown }).prototype;
  const type = (prototype as { constructor?: unknown } | null | undefined)?.constructor;
  return typeof type === 'function' && type !== Object ? (type as Type) : undefined;
}

function handlerWithoutService(type: Type, key: string): InvalidDecoratorError {
  return new InvalidDecoratorError(
    '@Handler()',
    `${type.name}.${key}`,
    `its class has no @DurableService(): add it to ${type.name}`,
  );
}
