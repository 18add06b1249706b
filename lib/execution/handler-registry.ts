import { Injectable, type Type } from '@nestjs/common';
import type { Subscription } from '../ports/events.js';
import type { ResolvedSchedule } from '../options/schedule-options.js';
import type { HandlerDefinition, Handlers } from '../ports/handlers.js';

/** A durable handler of this application. */
export interface RegisteredHandler extends HandlerDefinition {
  /** Name of the method. */
  readonly key: string;
  /**
   * Passes arguments through the handler's pipes, so that bad ones are refused before anything is written. Missing
   * if one of them exists within an attempt only.
   */
  admit?(args: readonly unknown[]): Promise<unknown> | undefined;
}

/** A schedule that the code declares. */
export interface RegisteredSchedule extends Omit<ResolvedSchedule, 'key'> {
  readonly name: string;
  /** The method that declares it, as `Reports.nightly`. */
  readonly owner: string;
  readonly service: string;
  readonly handler: string;
  /** Key of the object that is addressed. */
  readonly key: string | null;
  readonly args: readonly unknown[];
}

/** A durable service of this application, or a virtual object. */
export interface RegisteredService {
  readonly name: string;
  readonly type: Type;
  /** By the name of the handler. */
  readonly handlers: ReadonlyMap<string, RegisteredHandler>;
  /** Events that they are for. */
  readonly subscriptions: readonly Subscription[];
}

/** The durable services that this application provides. */
@Injectable()
export class HandlerRegistry implements Handlers {
  private readonly byName = new Map<string, RegisteredService>();

  private readonly byType = new Map<Type, RegisteredService>();
  private names: readonly string[] = [];
  private readonly declared: RegisteredSchedule[] = [];

  /** The same array until another one is added: it is asked for at every claim. */
  get services(): readonly string[] {
    return this.names;
  }

  get subscriptions(): readonly Subscription[] {
    return [...this.byName.values()].flatMap(({ subscriptions }) => subscriptions);
  }

  /** What the code declares to be started by the clock. */
  get schedules(): readonly RegisteredSchedule[] {
    return this.declared;
  }

  addSchedule(schedule: RegisteredSchedule): void {
    this.declared.push(schedule);
  }

  add(service: RegisteredService): void {
    this.byName.set(service.name, service);
    this.byType.set(service.type, service);
    this.names = [...this.byName.keys()];
  }

  find(service: string, handler: string): RegisteredHandler | undefined {
    return this.byName.get(service)?.handlers.get(handler);
  }

  /** The service that a class is, if the application provides it. */
  serviceOf(type: Type): RegisteredService | undefined {
    return this.byType.get(type);
  }
}
