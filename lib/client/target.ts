import { Inject, Injectable, type Type } from '@nestjs/common';
import { MetadataAccessor } from '../discovery/metadata-accessor.js';
import { NotAHandlerError, NotRegisteredError, UnknownHandlerError } from '../errors/index.js';
import { HandlerRegistry } from '../execution/handler-registry.js';
import { DURABLE_OPTIONS } from '../options/tokens.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { ServiceClass } from './typed-calls.js';

/** What a call is addressed to. */
export interface Target {
  readonly service: string;
  readonly handler: string;
  /** Refuses bad arguments, where this application has the handler. */
  admit?(args: readonly unknown[]): Promise<unknown>;
}

/** Finds what a method of a class is addressed to. */
@Injectable()
export class Targets {
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
    const name = this.accessor.serviceName(type);
    if (name === undefined) throw new NotRegisteredError(type.name, 'not_decorated');
    const registered = this.registry.serviceOf(type);
    if (!registered && this.options.worker) throw new NotRegisteredError(type.name, 'not_provided');
    const handlers = this.accessor.handlers(type);
    const handler = handlers.find(({ key }) => key === method);
    if (!handler) {
      const known = handlers.map(({ key }) => key);
      if (method in (type.prototype as object)) throw new NotAHandlerError(type.name, method, known);
      throw new UnknownHandlerError(name, method, known);
    }
    const target = { service: name, handler: handler.metadata.name ?? handler.key };
    return this.registry.find(target.service, target.handler) ?? target;
  }
}
