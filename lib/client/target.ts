import { Inject, Injectable, type Type } from '@nestjs/common';
import { MetadataAccessor } from '../discovery/metadata-accessor.js';
import { NotAHandlerError, NotRegisteredError, UnknownHandlerError } from '../errors/index.js';
import { HandlerRegistry } from '../execution/handler-registry.js';
import { DURABLE_OPTIONS } from '../options/tokens.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Target } from '../ports/handlers.js';
import type { Targets as TargetsPort } from '../ports/operations.js';
import type { ServiceClass } from './typed-calls.js';

/** Finds what a method of a class is addressed to. */
@Injectable()
export class Targets implements TargetsPort {
  /** By class and method: what the decorators say does not change. */
  private readonly decorated = new WeakMap<Type, ReadonlyMap<string, Target>>();

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    private readonly accessor: MetadataAccessor,
    private readonly registry: HandlerRegistry,
  ) {}

  /**
   * @throws NotRegisteredError (DURABLE_NOT_REGISTERED) if the class is no durable service, or none of this
   *   application, which works and so would leave its invocations to nobody
   * @throws NotAHandlerError (DURABLE_NOT_A_HANDLER) for a method without `@Handler()`
   * @throws UnknownHandlerError (DURABLE_UNKNOWN_HANDLER) for a method that does not exist
   */
  find(service: ServiceClass<unknown>, method: string): Target {
    const type = service as Type;
    const name = this.nameOf(type);
    const targets = this.targetsOf(type, name);
    const target = targets.get(method);
    if (!target) {
      const known = [...targets.keys()];
      if (method in (type.prototype as object)) throw new NotAHandlerError(type.name, method, known);
      throw new UnknownHandlerError(name, method, known);
    }
    return this.registry.find(target.service, target.handler) ?? target;
  }

  /**
   * The name of a class, and whether it is a virtual object.
   * @throws NotRegisteredError (DURABLE_NOT_REGISTERED) as {@link find} does
   */
  service(service: ServiceClass<unknown>): { readonly name: string; readonly isObject: boolean } {
    const type = service as Type;
    return { name: this.nameOf(type), isObject: this.accessor.isObject(type) };
  }

  private targetsOf(type: Type, service: string): ReadonlyMap<string, Target> {
    const known = this.decorated.get(type);
    if (known) return known;
    const targets = new Map<string, Target>();
    for (const { key, name, kind } of this.accessor.handlers(type))
      targets.set(key, { service, handler: name, kind });
    this.decorated.set(type, targets);
    return targets;
  }

  private nameOf(type: Type): string {
    const name = this.accessor.serviceName(type);
    if (name === undefined) throw new NotRegisteredError(type.name, 'not_decorated');
    const registered = this.registry.serviceOf(type);
    if (!registered && this.options.worker) throw new NotRegisteredError(type.name, 'not_provided');
    return name;
  }
}
