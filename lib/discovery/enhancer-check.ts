import { Injectable, type Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { ApplicationConfig } from '@nestjs/core';
import { UnusableEnhancerError } from '../errors/index.js';
import type { Method } from '../ports/steps.js';
import type { FoundProvider, ProviderWrapper } from './durable.explorer.js';

/** Where Nest keeps each kind of enhancer, and the method that makes it one. */
const KINDS: Readonly<Record<string, string>> = {
  [GUARDS_METADATA]: 'canActivate',
  [INTERCEPTORS_METADATA]: 'intercept',
  [PIPES_METADATA]: 'transform',
  [EXCEPTION_FILTERS_METADATA]: 'catch',
};

/** A method that enhancers stand on. */
interface Place {
  readonly key: string;
  readonly method: Method;
}

/** The class of an enhancer that stands on a method or its class, and how Nest provides it, if it does. */
interface Bound {
  readonly enhancer: Type;
  readonly wrapper: ProviderWrapper | undefined;
}

/**
 * Finds enhancers that Nest would leave out, or run without having made them.
 *
 * Nest makes those that stand on classes it makes itself; an instance (`@UseGuards(new RolesGuard())`) needs no making.
 * Handlers may have them of any scope. Those of steps are singletons: a step is called by code, in no context of Nest.
 */
@Injectable()
export class EnhancerCheck {
  private readonly known = new WeakSet<Type>();

  constructor(private readonly config: ApplicationConfig) {}

  /** @throws UnusableEnhancerError (DURABLE_UNUSABLE_ENHANCER) */
  checkHandler(service: FoundProvider, { key, method }: Place): void {
    const { type, wrapper } = service;
    const place = `${type.name}.${key}`;
    for (const bound of boundTo(service, method)) if (!isUsable(bound)) throw notFound(bound, place);
    const reached = wrapper.getEnhancersMetadata() ?? [];
    for (const scoped of this.scoped(Object.keys(KINDS))) {
      if (reached.includes(scoped)) continue;
      const reason = `it is not a singleton, and the service is not made by Nest; provide ${type.name} by its class`;
      throw new UnusableEnhancerError(nameOf(scoped), place, reason);
    }
  }

  /** @throws UnusableEnhancerError (DURABLE_UNUSABLE_ENHANCER) */
  checkStep(provider: FoundProvider, { key, method }: Place): void {
    const { type, wrapper } = provider;
    const place = `${type.name}.${key}`;
    const isUnderItsClass = wrapper.token === type || isSingleton(wrapper);
    for (const bound of boundTo(provider, method)) {
      if (!isUsable(bound) || !isUnderItsClass) throw notFound(bound, place);
      if (bound.wrapper && !isSingleton(bound.wrapper)) throw notSingleton(bound, place);
    }
    this.known.add(type);
  }

  /**
   * Checks a step of an object that may be none of Nest's.
   * @throws UnusableEnhancerError (DURABLE_UNUSABLE_ENHANCER)
   */
  checkObject(object: object, { key, method }: Place): void {
    const type = object.constructor as Type;
    if (this.known.has(type)) return;
    for (const enhancer of classesOn(type, method)) {
      throw notFound({ enhancer, wrapper: undefined }, `${type.name}.${key}`);
    }
  }

  /** Whether the pipes of a handler can run where there is no attempt. */
  hasStaticPipes(service: FoundProvider, method: Method): boolean {
    const bound = boundTo(service, method, [PIPES_METADATA]);
    return (
      this.scoped([PIPES_METADATA]).length === 0 &&
      bound.every(({ wrapper }) => !wrapper || isSingleton(wrapper))
    );
  }

  /** Global enhancers that are made for each request or place: they do not reach steps. */
  scopedGlobals(): string[] {
    return this.scoped(Object.keys(KINDS)).map(nameOf);
  }

  private scoped(kinds: readonly string[]): ProviderWrapper[] {
    const { config } = this;
    const wrappers: Readonly<Record<string, () => ProviderWrapper[]>> = {
      [GUARDS_METADATA]: () => config.getGlobalRequestGuards(),
      [INTERCEPTORS_METADATA]: () => config.getGlobalRequestInterceptors(),
      [PIPES_METADATA]: () => config.getGlobalRequestPipes(),
      [EXCEPTION_FILTERS_METADATA]: () => config.getGlobalRequestFilters(),
    };
    return kinds.flatMap(kind => wrappers[kind]?.() ?? []);
  }
}

function boundTo({ type, wrapper }: FoundProvider, method: Method, kinds = Object.keys(KINDS)): Bound[] {
  return classesOn(type, method, kinds).map(enhancer => ({
    enhancer,
    wrapper: wrapper.host?.injectables.get(enhancer),
  }));
}

function classesOn(type: Type, method: Method, kinds = Object.keys(KINDS)): Type[] {
  return kinds.flatMap(kind =>
    [type, method]
      .flatMap(target => (Reflect.getMetadata(kind, target) ?? []) as unknown[])
      .filter((enhancer): enhancer is Type => typeof enhancer === 'function')
      // A class may be an enhancer by a static method: then there is nothing to make.
      .filter(enhancer => typeof Reflect.get(enhancer, KINDS[kind] ?? '') !== 'function'),
  );
}

function isUsable({ wrapper }: Bound): boolean {
  return wrapper !== undefined;
}

function isSingleton(wrapper: ProviderWrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

function nameOf({ metatype, name }: ProviderWrapper): string {
  return metatype?.name || String(name);
}

function notFound({ enhancer }: Bound, place: string): UnusableEnhancerError {
  const type = place.slice(0, place.lastIndexOf('.'));
  const reason = `Nest does not make it, as it did not make ${type} by that class; provide ${type} as a class, or bind an instance: new ${enhancer.name}(…)`;
  return new UnusableEnhancerError(enhancer.name, place, reason);
}

function notSingleton({ enhancer }: Bound, place: string): UnusableEnhancerError {
  const reason =
    'enhancers of steps are singletons, and it is not, or depends on what is not; make it a singleton (DurableExecutionContext tells it the invocation), or bind it to the handler';
  return new UnusableEnhancerError(enhancer.name, place, reason);
}
