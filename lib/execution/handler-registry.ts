import { Injectable, type Type } from '@nestjs/common';
import type { HandlerDefinition, Handlers } from '../ports/handlers.js';

/** A durable handler of this application. */
export interface RegisteredHandler extends HandlerDefinition {
  /** Name of the method. */
  readonly key: string;
  /**
   * Passes arguments through the handler's pipes, so that bad ones are refused before anything is written. Missing
   * if one of them exists within an attempt only.
   */
  admit?(args: readonly unknown[]): Promise<unknown>;
}

/** A durable service of this application. */
export interface RegisteredService {
  readonly name: string;
  readonly type: Type;
  /** By the name of the handler. */
  readonly handlers: ReadonlyMap<string, RegisteredHandler>;
}

/** The durable services that this application provides. */
@Injectable()
export class HandlerRegistry implements Handlers {
  private readonly byName = new Map<string, RegisteredService>();

  get services(): readonly string[] {
    return [...this.byName.keys()];
  }

  add(service: RegisteredService): void {
    this.byName.set(service.name, service);
  }

  find(service: string, handler: string): RegisteredHandler | undefined {
    return this.byName.get(service)?.handlers.get(handler);
  }

  /** The service that a class is, if the application provides it. */
  serviceOf(type: Type): RegisteredService | undefined {
    return [...this.byName.values()].find(service => service.type === type);
  }
}
