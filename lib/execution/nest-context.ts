import { Injectable } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { ApplicationConfig, type ContextId, ExternalContextCreator } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { ARGUMENTS_METADATA } from '../decorators/metadata.js';
import { SurplusArgumentsError } from '../errors/index.js';
import type { Method } from '../ports/steps.js';
import { DURABLE_CONTEXT_TYPE } from './durable-execution-context.js';

/**
 * A method with everything around it that the application asked for: gives its result, or a promise of it; throws, or
 * rejects, with what is thrown.
 */
export type Enhanced = (args: readonly unknown[]) => unknown;

/** Refuses bad arguments of a method: throws, or gives a promise that may reject, if there is anything to wait for. */
export type Admission = (args: readonly unknown[]) => Promise<unknown> | undefined;

/** Where Nest has the instance of a method. */
export interface Host {
  /** The context of an attempt in which it was made; none: it is a singleton. */
  readonly contextId?: ContextId;
  /** Nest's id of its provider, by which enhancers are found that were made for it; empty: there are none. */
  readonly providerId: string;
}

/** Pipes ask for arguments by the number of their place. */
const BY_PLACE = {
  exchangeKeyForValue: (_type: number, place: unknown, args: unknown[]): unknown => args[place as number],
};

/** Puts Nest's guards, pipes, interceptors and exception filters around methods. */
@Injectable()
export class NestContext {
  constructor(
    private readonly creator: ExternalContextCreator,
    private readonly config: ApplicationConfig,
  ) {}

  /** A method of an instance with all its enhancers. The method carries their metadata. */
  enhance(instance: object, method: Method, key: string, host: Host): Enhanced {
    // Most methods have none, and then nothing of it is worth a promise.
    if (!this.hasAny(instance, method)) return args => plain(method.apply(instance, args as never[]));
    const enhanced = this.create(instance, method, key, host, true);
    // Without a filter of the application's own, Nest's would only log what the journal records anyway.
    if (!this.has(EXCEPTION_FILTERS_METADATA, instance, method) && !this.hasGlobalFilters()) return enhanced;
    return async args => {
      try {
        return await enhanced(args);
      } catch (error) {
        return this.filter(error, args, instance, method, key, host);
      }
    };
  }

  /** Passes arguments through the pipes of a method, if it has any. */
  admission(instance: object, method: Method, key: string, host: Host): Admission {
    if (!this.hasPipes(instance, method)) return upTo(instance, key, () => undefined);
    const args: Method = (...piped) => piped;
    for (const name of Reflect.getMetadataKeys(method) as unknown[]) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, method), args);
    }
    return this.create(instance, args, key, host, false);
  }

  private create(
    instance: object,
    method: Method,
    key: string,
    { contextId, providerId }: Host,
    around: boolean,
  ): (args: readonly unknown[]) => Promise<unknown> {
    const enhanced: (...args: unknown[]) => Promise<unknown> = this.creator.create(
      instance,
      method as (...args: unknown[]) => unknown,
      key,
      ARGUMENTS_METADATA,
      BY_PLACE,
      contextId,
      providerId,
      { guards: around, interceptors: around, filters: false },
      DURABLE_CONTEXT_TYPE,
    );
    return upTo(instance, key, args => enhanced(...args));
  }

  /**
   * What exception filters make of an error: a result, or another error. If they give nothing, also after a while,
   * the error stays: a filter that only answers HTTP requests, or reports, must not turn a failure into a success.
   */
  private async filter(
    error: unknown,
    args: readonly unknown[],
    instance: object,
    method: Method,
    key: string,
    { contextId, providerId }: Host,
  ): Promise<unknown> {
    const failing = (): never => {
      throw error;
    };
    const filters: unknown = Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, method);
    if (filters) Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, filters, failing);
    const filtered: (...args: unknown[]) => Promise<unknown> = this.creator.create(
      instance,
      failing,
      // No method has this name, so that there are no parameters for which pipes would run again.
      `${key}()`,
      undefined,
      undefined,
      contextId,
      providerId,
      { guards: false, interceptors: false, filters: true },
      DURABLE_CONTEXT_TYPE,
    );
    const result = await plain(await filtered(...args));
    if (result === undefined) throw error;
    return result;
  }

  private hasAny(instance: object, method: Method): boolean {
    const { config } = this;
    return (
      [GUARDS_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA].some(kind =>
        this.has(kind, instance, method),
      ) ||
      this.hasPipes(instance, method) ||
      this.hasGlobalFilters() ||
      [config.getGlobalGuards(), config.getGlobalRequestGuards()].some(some => some.length > 0) ||
      [config.getGlobalInterceptors(), config.getGlobalRequestInterceptors()].some(some => some.length > 0)
    );
  }

  private hasPipes(instance: object, method: Method): boolean {
    const { config } = this;
    return (
      this.has(PIPES_METADATA, instance, method) ||
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

/** Refuses more arguments than a method declares, which pipes would drop. */
function upTo<R>(instance: object, key: string, run: (args: readonly unknown[]) => R): typeof run {
  const parameters = Reflect.getMetadata(ARGUMENTS_METADATA, instance.constructor, key) as object;
  const declared = Object.keys(parameters).length;
  return args => {
    if (args.length > declared)
      throw new SurplusArgumentsError(`${instance.constructor.name}.${key}`, declared, args.length);
    return run(args);
  };
}

/** What Nest makes of a result, or of what it resolves to: the last value of an observable, or the value. */
function plain(result: unknown): unknown {
  return isThenable(result) ? Promise.resolve(result).then(lastOf) : lastOf(result);
}

function lastOf(value: unknown): unknown {
  return isObservable(value) ? lastValueFrom(value) : value;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
