import { Injectable } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { ApplicationConfig, ContextIdFactory, ExternalContextCreator, type ContextId } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { ARGUMENTS_METADATA } from '../decorators/metadata.js';
import { SurplusArgumentsError } from '../errors/index.js';
import type { AttemptView } from '../ports/attempt-view.js';
import type { Method } from '../ports/steps.js';
import { DURABLE_CONTEXT_TYPE } from './durable-execution-context.js';

/** A method with everything around it that the application asked for. */
export type Enhanced = (args: readonly unknown[]) => Promise<unknown>;

/** Pipes ask for arguments by the number of their place. */
const BY_PLACE = {
  exchangeKeyForValue: (_type: number, place: unknown, args: unknown[]): unknown => args[place as number],
};

/** Puts Nest's guards, pipes, interceptors and exception filters around methods. */
@Injectable()
export class NestContext {
  private readonly contextIds = new WeakMap<AttemptView, ContextId>();

  constructor(
    private readonly creator: ExternalContextCreator,
    private readonly config: ApplicationConfig,
  ) {}

  /** The one context of an attempt: its request-scoped providers live as long as it does. */
  contextIdOf(attempt: AttemptView): ContextId {
    let contextId = this.contextIds.get(attempt);
    if (!contextId) {
      contextId = ContextIdFactory.getByRequest(attempt.invocation);
      this.contextIds.set(attempt, contextId);
    }
    return contextId;
  }

  /**
   * A method of an instance with all its enhancers.
   *
   * @param method carries the metadata of its enhancers
   * @param contextId of an attempt, for request-scoped enhancers; static ones only if left out
   */
  enhance(instance: object, method: Method, key: string, contextId?: ContextId): Enhanced {
    // Most methods have none, and then nothing of it is worth a promise.
    if (!this.hasAny(instance, method))
      return async args => plain(await method.apply(instance, args as never[]));
    // Without a filter of the application's own, Nest's would only log what the journal records anyway.
    const filters = this.has(EXCEPTION_FILTERS_METADATA, instance, method) || this.hasGlobalFilters();
    return this.create(instance, method, key, { guards: true, interceptors: true, filters }, contextId);
  }

  /** The arguments that a method would get from its pipes. Rejects with what a pipe throws. */
  pipes(instance: object, method: Method, key: string): Enhanced {
    const args: Method = (...piped) => piped;
    for (const name of Reflect.getMetadataKeys(method) as unknown[]) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, method), args);
    }
    return this.create(instance, args, key, { guards: false, interceptors: false, filters: false });
  }

  private create(
    instance: object,
    method: Method,
    key: string,
    enhancers: { guards: boolean; interceptors: boolean; filters: boolean },
    contextId?: ContextId,
  ): Enhanced {
    const enhanced: (...args: unknown[]) => Promise<unknown> = this.creator.create(
      instance,
      method as (...args: unknown[]) => unknown,
      key,
      ARGUMENTS_METADATA,
      BY_PLACE,
      contextId,
      undefined,
      enhancers,
      DURABLE_CONTEXT_TYPE,
    );
    const declared = Object.keys(
      Reflect.getMetadata(ARGUMENTS_METADATA, instance.constructor, key) as object,
    ).length;
    return async args => {
      if (args.length > declared)
        throw new SurplusArgumentsError(`${instance.constructor.name}.${key}`, declared, args.length);
      return enhanced(...args);
    };
  }

  private hasAny(instance: object, method: Method): boolean {
    const { config } = this;
    return (
      [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA, EXCEPTION_FILTERS_METADATA].some(kind =>
        this.has(kind, instance, method),
      ) ||
      this.hasGlobalFilters() ||
      [config.getGlobalGuards(), config.getGlobalRequestGuards()].some(some => some.length > 0) ||
      [config.getGlobalInterceptors(), config.getGlobalRequestInterceptors()].some(some => some.length > 0) ||
      [config.getGlobalPipes(), config.getGlobalRequestPipes()].some(some => some.length > 0)
    );
  }

  private has(kind: string, instance: object, method: Method): boolean {
    return Reflect.hasMetadata(kind, instance.constructor) || Reflect.hasMetadata(kind, method);
  }

  private hasGlobalFilters(): boolean {
    return this.config.getGlobalFilters().length > 0 || this.config.getGlobalRequestFilters().length > 0;
  }
}

/** What Nest makes of a result: the last value of an observable, or the value. */
async function plain(result: unknown): Promise<unknown> {
  return isObservable(result) ? lastValueFrom(result) : result;
}
