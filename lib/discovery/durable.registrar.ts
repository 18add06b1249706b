import { Inject, Injectable, Logger } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { EventClasses } from '../client/event-classes.js';
import { type EventClass, eventNameOf, type StepMetadata } from '../decorators/metadata.js';
import { DuplicateNameError, TransactionUnavailableError } from '../errors/index.js';
import { HandlerRegistry, type RegisteredHandler } from '../execution/handler-registry.js';
import { type Admission, type Enhanced, NestContext } from '../execution/nest-context.js';
import { resolveHandlerOptions } from '../options/decorator-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS } from '../options/tokens.js';
import type { AttemptView } from '../ports/attempt-view.js';
import type { Backend } from '../runtime/backend.js';
import { checkCompensation } from './compensation-check.js';
import { DurableExplorer, type FoundProvider, type FoundService } from './durable.explorer.js';
import { EnhancerCheck } from './enhancer-check.js';
import { eventWay, type EventWay } from './event-routes.js';
import type { DecoratedHandler, DecoratedMethod } from './metadata-accessor.js';
import { ScheduleCollector } from './schedule-collector.js';

/** Registers what the explorer finds, ready to be invoked. */
@Injectable()
export class DurableRegistrar {
  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    private readonly explorer: DurableExplorer,
    private readonly registry: HandlerRegistry,
    private readonly nest: NestContext,
    private readonly enhancers: EnhancerCheck,
    private readonly schedules: ScheduleCollector,
    private readonly moduleRef: ModuleRef,
    @Inject(DURABLE_BACKEND) private readonly backend: Backend,
    private readonly events: EventClasses,
  ) {}

  /**
   * @throws DuplicateNameError (DURABLE_DUPLICATE_NAME) when two services, or two handlers of one, share a name
   * @throws UnusableEnhancerError (DURABLE_UNUSABLE_ENHANCER) for a guard and the like that could not be run
   * @throws TransactionUnavailableError (DURABLE_TRANSACTION_UNAVAILABLE) for a step with `transaction` without the
   *   application's data source
   * @throws InvalidDecoratorError, InvalidOptionError, and what `EventClasses.learn` throws
   */
  registerAll(): void {
    this.checkSteps();
    const names = new Map<string, FoundService>();
    for (const service of this.explorer.exploreServices()) {
      const other = names.get(service.name);
      if (other) throw new DuplicateNameError('service', service.name, other.type.name, service.type.name);
      names.set(service.name, service);
      this.register(service);
      this.schedules.collect(service);
    }
  }

  private checkSteps(): void {
    const found = this.explorer.exploreSteps();
    for (const provider of found) {
      for (const step of provider.steps) {
        this.enhancers.checkStep(provider, step);
        this.checkTransaction(provider, step);
        checkCompensations(provider, step);
      }
    }
    const scoped = this.enhancers.scopedGlobals();
    if (found.length === 0 || scoped.length === 0) return;
    const names = scoped.join(', ');
    new Logger('Durable').warn(
      `${names}: global, and no singleton; applies to handlers, and not to their steps`,
    );
  }

  /** A process without a worker runs no step. */
  private checkTransaction({ type }: FoundProvider, { key, metadata }: DecoratedMethod<StepMetadata>): void {
    if (!metadata.transaction || this.backend.transactions || !this.options.worker) return;
    throw new TransactionUnavailableError(`@Step() ${type.name}.${key}`);
  }

  private register(service: FoundService): void {
    const handlers = new Map<string, RegisteredHandler>();
    for (const method of service.handlers) {
      const { name } = method;
      const other = handlers.get(name);
      if (other) {
        const owners = [other.key, method.key].map(key => `${service.type.name}.${key}`) as [string, string];
        throw new DuplicateNameError('handler', name, ...owners);
      }
      handlers.set(name, this.handler(service, method));
    }
    const ways = service.handlers.flatMap(method => this.way(service, method, handlers.get(method.name)));
    for (const { route } of ways) if (route) handlers.set(route.handler, route);
    const subscriptions = ways.flatMap(way => way.subscriptions);
    this.registry.add({ name: service.name, type: service.type, handlers, subscriptions });
  }

  /** How events come to a handler that is for some. */
  private way(
    { type }: FoundService,
    { key, events: on }: DecoratedHandler,
    handler: RegisteredHandler | undefined,
  ): EventWay[] {
    if (!on || !handler) return [];
    for (const known of on.classes) this.events.learn(known);
    // Of what it has by its name, the class may be that of its parameter.
    const types = Reflect.getMetadata('design:paramtypes', type.prototype as object, key) as
      unknown[] | undefined;
    const declared = types?.[0];
    if (on.names.includes(eventNameOf(declared) ?? '')) this.events.learn(declared as EventClass);
    return [eventWay(handler, on, `${type.name}.${key}`, this.events)];
  }

  private handler(
    service: FoundService,
    { key, method, metadata, name, kind }: DecoratedHandler,
  ): RegisteredHandler {
    const { type, wrapper } = service;
    this.enhancers.checkHandler(service, { key, method });
    const rules = resolveHandlerOptions(
      metadata,
      this.options.handlers,
      `${kind === 'shared' ? '@Shared()' : '@Handler()'} ${type.name}.${key}`,
    );
    // Enhancers may be added until the application has started, so they are looked up at the first invocation.
    let enhanced: Enhanced | undefined;
    let admission: Admission | undefined;
    const ofSingleton = (): Enhanced =>
      (enhanced ??= this.nest.enhance(wrapper.instance as object, method, key, { providerId: wrapper.id }));
    const ofAttempt = async (attempt: AttemptView): Promise<Enhanced> => {
      // One context per attempt: what is request-scoped lives as long as it does.
      const contextId = ContextIdFactory.getByRequest(attempt.invocation);
      this.moduleRef.registerRequestByContextId(attempt.invocation, contextId);
      const instance = await this.moduleRef.resolve<object>(wrapper.token as never, contextId, {
        strict: false,
      });
      return this.nest.enhance(instance, method, key, { providerId: wrapper.id, contextId });
    };
    const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    const prototype = Object.create(type.prototype as object) as object;
    const admit: Admission = args =>
      (admission ??= this.nest.admission(prototype, method, key, { providerId: wrapper.id }))(args);
    return {
      service: service.name,
      handler: name,
      kind,
      key,
      ...rules,
      invoke: isStatic
        ? (_attempt, args) => ofSingleton()(this.events.argumentsOf(args))
        : async (attempt, args) => (await ofAttempt(attempt))(this.events.argumentsOf(args)),
      ...(this.enhancers.hasStaticPipes(service, method) && { admit }),
    };
  }
}

function checkCompensations({ type }: FoundProvider, { key, metadata }: DecoratedMethod<StepMetadata>): void {
  const { compensate } = metadata;
  if (compensate === undefined) return;
  checkCompensation(
    type.prototype as object,
    key,
    typeof compensate === 'string' ? compensate : compensate.method,
  );
}
