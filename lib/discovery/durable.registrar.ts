import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { HandlerMetadata } from '../decorators/metadata.js';
import { DuplicateNameError } from '../errors/index.js';
import { HandlerRegistry, type RegisteredHandler } from '../execution/handler-registry.js';
import { type Enhanced, NestContext } from '../execution/nest-context.js';
import { resolveHandlerOptions } from '../options/decorator-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { DURABLE_OPTIONS } from '../options/tokens.js';
import type { AttemptView } from '../ports/attempt-view.js';
import { DurableExplorer, type FoundService } from './durable.explorer.js';
import { EnhancerCheck } from './enhancer-check.js';
import type { DecoratedMethod } from './metadata-accessor.js';

/** Registers what the explorer finds, ready to be invoked. */
@Injectable()
export class DurableRegistrar {
  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    private readonly explorer: DurableExplorer,
    private readonly registry: HandlerRegistry,
    private readonly nest: NestContext,
    private readonly enhancers: EnhancerCheck,
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * @throws DuplicateNameError (DURABLE_DUPLICATE_NAME) when two services, or two handlers of one, share a name
   * @throws UnusableEnhancerError (DURABLE_UNUSABLE_ENHANCER) for a guard and the like that could not be run
   * @throws InvalidDecoratorError, InvalidOptionError
   */
  registerAll(): void {
    this.checkSteps();
    const names = new Map<string, FoundService>();
    for (const service of this.explorer.exploreServices()) {
      const other = names.get(service.name);
      if (other) throw new DuplicateNameError('service', service.name, other.type.name, service.type.name);
      names.set(service.name, service);
      this.register(service);
    }
  }

  private checkSteps(): void {
    const found = this.explorer.exploreSteps();
    for (const provider of found) {
      for (const step of provider.steps) this.enhancers.checkStep(provider, step);
    }
    const scoped = this.enhancers.scopedGlobals();
    if (found.length === 0 || scoped.length === 0) return;
    const names = scoped.join(', ');
    new Logger('Durable').warn(
      `${names}: global, and no singleton; applies to handlers, and not to their steps`,
    );
  }

  private register(service: FoundService): void {
    const handlers = new Map<string, RegisteredHandler>();
    for (const method of service.handlers) {
      const name = method.metadata.name ?? method.key;
      const other = handlers.get(name);
      if (other) {
        const owners = [other.key, method.key].map(key => `${service.type.name}.${key}`) as [string, string];
        throw new DuplicateNameError('handler', name, ...owners);
      }
      handlers.set(name, this.handler(service, method, name));
    }
    this.registry.add({ name: service.name, type: service.type, handlers });
  }

  private handler(
    service: FoundService,
    { key, method, metadata }: DecoratedMethod<HandlerMetadata>,
    name: string,
  ): RegisteredHandler {
    const { type, wrapper } = service;
    this.enhancers.checkHandler(service, { key, method });
    const rules = resolveHandlerOptions(metadata, this.options.handlers, `@Handler() ${type.name}.${key}`);
    // Enhancers may be added until the application has started, so they are looked up at the first invocation.
    let enhanced: Enhanced | undefined;
    let piped: Enhanced | undefined;
    const ofSingleton = (): Enhanced =>
      (enhanced ??= this.nest.enhance(wrapper.instance as object, method, key, { providerId: wrapper.id }));
    const ofAttempt = async (attempt: AttemptView): Promise<Enhanced> => {
      const contextId = this.nest.contextIdOf(attempt);
      this.moduleRef.registerRequestByContextId(attempt.invocation, contextId);
      const instance = await this.moduleRef.resolve<object>(wrapper.token as never, contextId, {
        strict: false,
      });
      return this.nest.enhance(instance, method, key, { providerId: wrapper.id, contextId });
    };
    const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    const prototype = Object.create(type.prototype as object) as object;
    const admit = async (args: readonly unknown[]): Promise<unknown> =>
      (piped ??= this.nest.pipes(prototype, method, key, { providerId: wrapper.id }))(args);
    return {
      service: service.name,
      handler: name,
      key,
      ...rules,
      invoke: isStatic
        ? (_attempt, args) => ofSingleton()(args)
        : async (attempt, args) => (await ofAttempt(attempt))(args),
      ...(this.enhancers.hasStaticPipes(service, method) && { admit }),
    };
  }
}
