import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { StepMetadata } from '../decorators/metadata.js';
import { InvalidDecoratorError } from '../errors/index.js';
import { type DecoratedHandler, type DecoratedMethod, MetadataAccessor } from './metadata-accessor.js';

/** A provider, as Nest keeps it. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A provider and the class of what it provides. */
export interface FoundProvider {
  readonly type: Type;
  readonly wrapper: ProviderWrapper;
}

/** A durable service of the application, or a virtual object. */
export interface FoundService extends FoundProvider {
  readonly name: string;
  readonly handlers: readonly DecoratedHandler[];
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

  /**
   * @throws InvalidDecoratorError for a `@Handler()` on a class without `@DurableService()` or `@VirtualObject()`,
   *   and for a `@Shared()` on a class without `@VirtualObject()`
   */
  exploreServices(): FoundService[] {
    const found = new Map<Type, FoundService>();
    for (const { type, wrapper } of this.providers()) {
      // A class that several modules provide is one service still.
      if (found.has(type)) continue;
      const name = this.accessor.serviceName(type);
      const handlers = this.accessor.handlers(type);
      const shared = handlers.find(({ kind }) => kind === 'shared');
      if (shared && !this.accessor.isObject(type)) throw sharedWithoutObject(type, shared.key);
      if (name !== undefined) found.set(type, { name, type, wrapper, handlers });
      else if (handlers[0]) throw handlerWithoutService(type, handlers[0]);
      else if (this.accessor.schedules(type)[0])
        throw scheduleWithoutHandler(type, this.accessor.schedules(type)[0]!.key);
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

function handlerWithoutService(type: Type, { key, events }: DecoratedHandler): InvalidDecoratorError {
  return new InvalidDecoratorError(
    events ? '@OnDurableEvent()' : '@Handler()',
    `${type.name}.${key}`,
    `its class has no @DurableService(): add it to ${type.name}, or @VirtualObject()`,
  );
}

/** The error for a `@Schedule()` on a method that is no handler. */
export function scheduleWithoutHandler(type: Type, key: string): InvalidDecoratorError {
  const reason = 'it is no handler: add @Handler(), and @DurableService() to its class';
  return new InvalidDecoratorError('@Schedule()', `${type.name}.${key}`, reason);
}

function sharedWithoutObject(type: Type, key: string): InvalidDecoratorError {
  return new InvalidDecoratorError(
    '@Shared()',
    `${type.name}.${key}`,
    `its class is no @VirtualObject(), so that there is nothing to share: make it a @Handler(), or ${type.name} an object`,
  );
}
