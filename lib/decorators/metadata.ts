import type { resolveDeclared } from '../options/schedule-options.js';
import type { HandlerOptions, DurableServiceOptions, StepOptions } from '../options/decorator-options.js';

/** Where decorators leave what they record. `Symbol.for`, so that both builds of the package agree. */
export const SERVICE_METADATA = Symbol.for('nestjs-durable.service');
export const HANDLER_METADATA = Symbol.for('nestjs-durable.handler');
export const SCHEDULE_METADATA = Symbol.for('nestjs-durable.schedule');
export const STEP_METADATA = Symbol.for('nestjs-durable.step');
export const EVENT_METADATA = Symbol.for('nestjs-durable.event');
export const ON_EVENT_METADATA = Symbol.for('nestjs-durable.on-event');

/** Key under which Nest's context creators find the parameters of a handler or a step. */
export const ARGUMENTS_METADATA = '__nestjsDurableArguments__';

export interface ServiceMetadata {
  readonly options: DurableServiceOptions;
  /** Whether it is a virtual object. */
  readonly isObject: boolean;
}

export interface HandlerMetadata {
  readonly options: HandlerOptions;
  /** Whether it runs beside others on the key of its object. */
  readonly isShared: boolean;
}

/** Schedules of a method, in the order in which they stand there. */
export type ScheduleMetadata = readonly ReturnType<typeof resolveDeclared>[];

export type StepMetadata = StepOptions;

/** A class that describes an event. */
export type EventClass<E extends object = object> = abstract new (...args: never[]) => E;

/** What is known of an event besides what is in it. */
export interface EventInfo {
  readonly name: string;
  /** The same for all that it is given to. */
  readonly id: string;
}

/** Says whether a handler is for an event. Must give the same answer for the same event. */
export type EventPredicate<E extends object = object> = (event: E, info: EventInfo) => boolean;

/** Which events a handler is for. */
export interface OnEventMetadata {
  readonly names: readonly string[];
  readonly classes: readonly EventClass[];
  readonly predicates: readonly EventPredicate<never>[];
  /** Key of the object that has an event. */
  readonly key: ((event: object) => unknown) | undefined;
}

/** Name of the event that a class describes by itself; those that extend it do not. */
export function eventNameOf(type: unknown): string | undefined {
  return typeof type === 'function'
    ? (Reflect.getOwnMetadata(EVENT_METADATA, type) as string | undefined)
    : undefined;
}
